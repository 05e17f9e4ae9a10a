/** Counts that must agree: raw rows and every rollup of them, as the read-only query API sees them. */
export interface RowTruths {
  logs: number;
  distinctPaths: number;
  requestRollups: number[];
  requestHistograms: number[];
  /** Every look at the target up to the given instant, re-checks included; and all of them, and how many differ. */
  looksUntil: number;
  looks: number;
  distinctLooks: number;
  /** Scheduled checks: what the rollups count. */
  checks: number;
  timedChecks: number;
  checkRollups: number[];
  checkHistograms: number[];
  /** Copies of what Postgres holds: each transition of an episode once, each attempt to send once. */
  transitions: number;
  distinctTransitions: number;
  firings: number;
  deliveries: number;
  distinctDeliveries: number;
}

export type Ask = (path: string) => Promise<Record<string, unknown>>;

export async function rowTruths(ask: Ask, looksUntilMs: number): Promise<RowTruths> {
  const row = async (sql: string): Promise<number[]> => {
    const { data } = (await ask(`/api/v1/query?sql=${encodeURIComponent(sql)}`)) as { data: Record<string, unknown>[] };
    return Object.values(data[0] ?? {}).map(Number);
  };
  const rolled = async (tables: string[]) => Promise.all(tables.map((table) => row(`SELECT sum(total), sum(arraySum(mapValues(histogram))) FROM ${table}`)));
  const [logs = 0, distinctPaths = 0] = await row("SELECT count(), uniqExact(path) FROM logs WHERE source = 'load'");
  const countChecks = () =>
    row(
      `SELECT countIf(toUnixTimestamp64Milli(at) <= ${looksUntilMs}), count(), uniqExact((probe, vantage, at, attempt)), countIf(attempt = 0), countIf(attempt = 0 AND outcome != 'unknown') FROM checks`,
    );
  const [looksUntil = 0, looks = 0, distinctLooks = 0, checks = 0, timedChecks = 0] = await countChecks();
  const requests = await rolled(['request_10s', 'request_1m', 'request_1h']);
  const checked = await rolled(['check_10s', 'check_1m', 'check_1h']);
  // Looking goes on meanwhile: raw rows and rollups can only be compared when none came between the questions.
  if ((await countChecks())[1] !== looks) return rowTruths(ask, looksUntilMs);
  const [transitions = 0, distinctTransitions = 0, firings = 0] = await row("SELECT count(), uniqExact((episode, from_state, to_state)), countIf(to_state = 'firing') FROM alert_transitions");
  const [deliveries = 0, distinctDeliveries = 0] = await row('SELECT count(), uniqExact((notification, attempt)) FROM deliveries');
  const totals = (rows: number[][]) => rows.map(([total = 0]) => total);
  const histograms = (rows: number[][]) => rows.map(([, histogram = 0]) => histogram);
  return {
    ...{ logs, distinctPaths, requestRollups: totals(requests), requestHistograms: histograms(requests) },
    ...{ looksUntil, looks, distinctLooks, checks, timedChecks, checkRollups: totals(checked), checkHistograms: histograms(checked) },
    ...{ transitions, distinctTransitions, firings, deliveries, distinctDeliveries },
  };
}
