import { expect } from 'vitest';
import { day, hour, minute, second, unixMs } from '#lib/time.ts';
import { type TestEngine, testTelemetry } from './embedded/test-engine.ts';

/** For tests: requests and checks from a seed, and an engine that holds them; the truths are counted from the very same rows. */

/** A Tuesday noon in Shanghai, well inside every retention. */
export const now = unixMs(Math.floor(Date.now() / day) * day - 2 * day + 4 * hour);

export interface Request {
  at: number;
  route: string;
  status: number;
  seconds: number;
  client: string;
  body: string;
  login?: { outcome: 'failed' | 'accepted'; reason: string };
  level: number;
}

/** A small generator with a seed: the truths are computed from the very same rows. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function manyRequests(): Request[] {
  const chance = seeded(7);
  const rows: Request[] = [];
  const routes = ['/query', '/captcha', '/login'];
  for (let index = 0; index < 6_000; index++) {
    const at = now - Math.floor(chance() * 2 * hour);
    const broken = at > now - 5 * minute;
    const route = routes[Math.floor(chance() * 3)] ?? '/query';
    const status = chance() < (broken ? 0.4 : 0.01) ? 500 : chance() < 0.03 ? 404 : 200;
    const login =
      route === '/login'
        ? { login: chance() < (broken ? 0.5 : 0.1) ? { outcome: 'failed' as const, reason: chance() < 0.7 ? 'captcha' : 'password' } : { outcome: 'accepted' as const, reason: '' } }
        : {};
    rows.push({
      at,
      route,
      status,
      seconds: 0.05 + chance() ** 3 * (broken ? 4 : 1),
      client: `203.0.113.${Math.floor(chance() * 20)}`,
      body: `${route} 查询第${index}次 结果${status}`,
      level: status >= 500 ? 17 : 9,
      ...login,
    });
  }
  // The same hour of the days before: quiet.
  for (let back = 1; back <= 5; back++) {
    for (let index = 0; index < 200; index++)
      rows.push({ at: now - back * day + index * 100, route: '/query', status: index % 50 === 0 ? 500 : 200, seconds: 0.1 * back, client: '198.51.100.1', body: '平常', level: 9 });
  }
  return rows;
}

interface Check {
  at: number;
  probe: string;
  vantage: string;
  outcome: 'pass' | 'slow' | 'fail' | 'unknown';
  ms: number;
  attempt: number;
}

function manyChecks(): Check[] {
  const chance = seeded(11);
  const rows: Check[] = [];
  for (const probe of ['home', 'journey']) {
    for (const vantage of ['bj', 'sh']) {
      // A gap of ten minutes an hour ago: coverage must show it.
      for (let at = now - 3 * hour; at < now; at += 10 * second) {
        if (probe === 'home' && at > now - 70 * minute && at < now - 60 * minute) continue;
        const draw = chance();
        const outcome = at > now - 4 * minute && probe === 'journey' ? 'fail' : draw < 0.02 ? 'fail' : draw < 0.05 ? 'slow' : draw < 0.06 ? 'unknown' : 'pass';
        rows.push({ at, probe, vantage, outcome, ms: 20 + chance() * 200, attempt: 0 });
        if (outcome === 'fail') rows.push({ at: at + 1000, probe, vantage, outcome: 'fail', ms: 20, attempt: 1 });
      }
    }
  }
  return rows;
}

export const requests = manyRequests();
export const checks = manyChecks();
/** Without what was looked at again. */
export const scheduled = checks.filter((row) => row.attempt === 0);
export const text = (at: number): string => new Date(at).toISOString().replace('T', ' ').replace('Z', '');
const severityText = (level: number): string => (level >= 17 ? 'ERROR' : 'INFO');

/** The nearest-rank percentile of the values themselves. */
export function percentile(values: readonly number[], quantile: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * quantile) - 1)] ?? Number.NaN;
}

export const near = (value: number | null | undefined, truth: number): void => expect(Math.abs((value ?? Number.NaN) - truth) / truth).toBeLessThan(0.025);

/** An engine with all the requests and checks in it. */
export async function filledEngine(): Promise<TestEngine> {
  const engine = await testTelemetry();
  const { client } = engine.telemetry;
  await client.insert({
    table: 'logs',
    format: 'JSONEachRow',
    values: requests.map((row) => ({
      timestamp: text(row.at),
      observed: text(now),
      service: 'invoice',
      source: row.login ? 'auth' : 'access',
      severity: row.level,
      severity_text: severityText(row.level),
      body: row.body,
      method: 'GET',
      route: row.route,
      path: row.route,
      status: row.status,
      duration_s: row.seconds,
      client: row.client,
      outcome: row.status >= 500 ? 'error' : 'ok',
      login_outcome: row.login?.outcome ?? '',
      login_reason: row.login?.reason ?? '',
      login_count: row.login ? 1 : 0,
      attributes: { 'host.name': 'demo-1' },
    })),
  });
  await client.insert({
    table: 'checks',
    format: 'JSONEachRow',
    values: checks.map((row) => ({
      at: text(row.at),
      service: 'invoice',
      probe: row.probe,
      vantage: row.vantage,
      outcome: row.outcome,
      failure: row.outcome === 'fail' ? 'mismatch' : '',
      reason: row.outcome === 'fail' ? '金额不符' : '',
      attempt: row.attempt,
      duration_ms: row.ms,
      phases: { connect: 2, firstByte: row.ms - 2 },
      evidence: '{"status":200}',
    })),
  });
  return engine;
}
