/** Counts that must agree: raw rows and every rollup of them, as the read-only query API sees them. */
export interface RowTruths {
  logs: number;
  distinctPaths: number;
  requestRollups: number[];
  requestHistograms: number[];
  checks: number;
  checkRollups: number[];
}

export async function rowTruths(ask: (path: string) => Promise<Record<string, unknown>>): Promise<RowTruths> {
  const row = async (sql: string): Promise<number[]> => {
    const { data } = (await ask(`/api/v1/query?sql=${encodeURIComponent(sql)}`)) as { data: Record<string, unknown>[] };
    return Object.values(data[0] ?? {}).map(Number);
  };
  const [logs = 0, distinctPaths = 0] = await row("SELECT count(), uniqExact(path) FROM logs WHERE source = 'load'");
  const [checks = 0] = await row('SELECT countIf(attempt = 0) FROM checks');
  const of = async (table: string) => row(`SELECT sum(total), sum(arraySum(mapValues(histogram))) FROM ${table}`);
  const requests = await Promise.all(['request_10s', 'request_1m', 'request_1h'].map(of));
  const rolled = await Promise.all(['check_10s', 'check_1m', 'check_1h'].map(of));
  return {
    logs,
    distinctPaths,
    requestRollups: requests.map(([total = 0]) => total),
    requestHistograms: requests.map(([, histogram = 0]) => histogram),
    checks,
    checkRollups: rolled.map(([total = 0]) => total),
  };
}
