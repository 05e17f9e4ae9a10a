import type { Signal } from '#alerts/ports.ts';

/** One sort of countable thing: where it is kept raw, where it is rolled up, and which labels each knows. */
export interface Family {
  raw: string;
  /** The raw table's time column. */
  time: string;
  /** Which raw rows count at all. */
  counts: string;
  rollup: string;
  /** Label → expression on the rollup; labels that are not here are read from the raw rows. */
  rolledLabels: Readonly<Record<string, string>>;
  rawLabels: Readonly<Record<string, string>>;
  /** For a label nobody listed: the raw row's own attributes, where it has some. */
  otherLabels: 'attributes' | 'none';
  signals: Readonly<Partial<Record<Signal, { rolled: string; raw: string }>>>;
  /** Durations in seconds: the raw expression and which rows have one; sums and counts on the rollup. */
  duration: { value: string; has: string; rolledCount: string } | null;
}

const requests: Family = {
  raw: 'logs',
  time: 'timestamp',
  counts: 'status > 0',
  rollup: 'request_10s',
  rolledLabels: { service: 'service', route: 'route' },
  rawLabels: { service: 'service', route: 'route', method: 'method', status: 'toString(status)', source: 'source', client: 'client', outcome: 'outcome', 'error.type': 'error_type' },
  otherLabels: 'attributes',
  signals: { 'request.total': { rolled: 'total', raw: '1' }, 'request.errors': { rolled: 'errors', raw: "outcome = 'error'" } },
  duration: { value: 'assumeNotNull(duration_s)', has: 'isNotNull(duration_s)', rolledCount: 'timed' },
};

const logins: Family = {
  raw: 'logs',
  time: 'timestamp',
  counts: "login_outcome != ''",
  rollup: 'login_10s',
  rolledLabels: { service: 'service', reason: 'reason' },
  rawLabels: { service: 'service', reason: 'login_reason', method: 'login_method', source: 'source', client: 'client', user: 'user' },
  otherLabels: 'attributes',
  signals: { 'login.attempts': { rolled: 'attempts', raw: 'login_count' }, 'login.failed': { rolled: 'failed', raw: "if(login_outcome = 'failed', login_count, 0)" } },
  duration: null,
};

const checks: Family = {
  raw: 'checks',
  time: 'at',
  // Re-checks confirm a failure and would weigh it double; what is unknown is neither good nor bad, and what was planned counts for nothing.
  counts: "attempt = 0 AND outcome != 'unknown' AND NOT maintenance",
  rollup: 'check_10s',
  rolledLabels: { service: 'service', probe: 'probe', vantage: 'vantage' },
  rawLabels: { service: 'service', probe: 'probe', vantage: 'vantage', failure: 'failure' },
  otherLabels: 'none',
  signals: {
    'check.total': { rolled: 'passed + slow + failed', raw: '1' },
    'check.failed': { rolled: 'failed', raw: "outcome = 'fail'" },
    'check.slow': { rolled: 'slow', raw: "outcome = 'slow'" },
  },
  duration: { value: 'duration_ms / 1000', has: '1', rolledCount: 'passed + slow + failed' },
};

export function familyOf(signal: Signal): Family {
  if (signal.startsWith('request.')) return requests;
  return signal.startsWith('login.') ? logins : checks;
}

/** The family behind `request.duration` and `check.duration`; undefined for stored samples. */
export function durationFamily(metric: string): Family | undefined {
  if (metric === 'request.duration') return requests;
  return metric === 'check.duration' ? checks : undefined;
}
