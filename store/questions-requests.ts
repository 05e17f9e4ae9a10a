import type { Heat, Lines, Ranking } from '#lib/series.ts';
import { minute, type UnixMs, unixMs } from '#lib/time.ts';
import { type Ask, bucketsIn, type Condition, rowsIn, type Scope, scoped, shown } from './questions-ask.ts';
import { type LineRow, laid, stepIndex } from './questions-grid.ts';
import { checks, heatmap, type LineBy, type LineQuestion, latency, prepared, ratios, requests } from './questions-lines.ts';
import { quantilesOf } from './questions-quantile.ts';

type LatencyQuestion = LineQuestion & { by: LineBy; quantiles: readonly number[] };

export const requestLatency = (ask: Ask, question: LatencyQuestion): Promise<Lines> => latency(ask, question, requests);
export const checkLatency = (ask: Ask, question: LatencyQuestion): Promise<Lines> => latency(ask, question, checks);
export const requestHeatmap = (ask: Ask, question: LineQuestion): Promise<Heat> => heatmap(ask, question, requests);
export const checkHeatmap = (ask: Ask, question: LineQuestion): Promise<Heat> => heatmap(ask, question, checks);
export const requestErrorRatio = (ask: Ask, question: LineQuestion & { by: LineBy }): Promise<Lines> => ratios(ask, question, { family: requests, value: 'sum(errors) / n', samples: 'sum(total)' });

/** Share of scheduled checks that failed, unknown ones left out. */
export const checkFailureRatio = (ask: Ask, question: LineQuestion & { by: LineBy }): Promise<Lines> =>
  ratios(ask, question, { family: checks, value: 'sum(failed) / n', samples: 'sum(passed) + sum(slow) + sum(failed)' });

/** Requests, client errors and server errors a minute; a step that saw no request at all is a gap. */
export async function requestRate(ask: Ask, question: LineQuestion): Promise<Lines> {
  const { grid, table, where } = prepared(question, requests, 'all');
  const statement = `SELECT ${stepIndex} AS step_index, sum(total) AS every, sum(client_errors) AS client, sum(errors) AS server
FROM ${table} WHERE ${where.sql} GROUP BY step_index ORDER BY step_index`;
  const rows = await ask<{ step_index: number; every: number; client: number; server: number }>(statement, where.params);
  const perMinute = (count: number): number => (Number(count) * minute) / grid.stepMs;
  const keys = ['total', 'clientErrors', 'errors'];
  const spread = rows.flatMap((row) =>
    [row.every, row.client, row.server].map((count, index): LineRow => ({ step: row.step_index, line: keys[index] ?? '', value: perMinute(count), samples: Number(count) })),
  );
  return laid(grid, spread, { keys, sql: shown(statement, where.params) });
}

interface RankRow {
  key: string;
  value: number;
  others: number;
}
/** Runs a statement that yields key, value and `others`, how many keys there are in all. */
export async function ranked(ask: Ask, statement: string, where: Condition): Promise<Ranking> {
  const rows = await ask<RankRow>(statement, where.params);
  return { rows: rows.map((row) => ({ key: row.key, value: Number(row.value) })), distinct: Number(rows[0]?.others ?? 0), sql: shown(statement, where.params) };
}

type TopQuestion = LineQuestion & { limit: number };
const limited = ({ sql, params }: Condition, limit: number): Condition => ({ sql, params: { ...params, limit } });

/** Routes by their p95, seconds; a route needs 20 timed requests to be ranked. */
export function slowRoutes(ask: Ask, question: TopQuestion): Promise<Ranking> {
  const { table, where } = prepared(question, requests, 'all');
  const grouped = `SELECT toString(route) AS key, sumMap(histogram) AS h FROM ${table} WHERE ${where.sql} GROUP BY key`;
  return ranked(
    ask,
    `SELECT key, q0 AS value, count() OVER () AS others FROM (${quantilesOf(grouped, [0.95], ['key'])}) WHERE n >= 20 ORDER BY value DESC, key LIMIT {limit:UInt32}`,
    limited(where, question.limit),
  );
}

export function errorRoutes(ask: Ask, question: TopQuestion): Promise<Ranking> {
  const { table, where } = prepared(question, requests, 'all');
  return ranked(
    ask,
    `SELECT toString(route) AS key, sum(errors) AS value, count() OVER () AS others FROM ${table} WHERE ${where.sql} GROUP BY key HAVING value > 0 ORDER BY value DESC, key LIMIT {limit:UInt32}`,
    limited(where, question.limit),
  );
}

/** Status codes of 400 and above; an error that came with a 2xx (a business error code) is counted as its error type. */
export function errorStatuses(ask: Ask, question: TopQuestion): Promise<Ranking> {
  const during = rowsIn('timestamp', question.span);
  const where = scoped(question.scope);
  const statement = `SELECT if(status >= 400 OR error_type = '', toString(status), concat(toString(status), ' ', error_type)) AS key, count() AS value, count() OVER () AS others
FROM logs WHERE ${during.sql} AND ${where.sql} AND status > 0 AND (status >= 400 OR outcome = 'error') GROUP BY key ORDER BY value DESC, key LIMIT {limit:UInt32}`;
  return ranked(ask, statement, { sql: '', params: { ...during.params, ...where.params, limit: question.limit } });
}

/** Requests and errors of the last five minutes by service and route. */
export async function routeFigures(ask: Ask, { now, scope }: { now: UnixMs; scope: Scope }) {
  const where = bucketsIn({ from: unixMs(now - 5 * minute), until: unixMs(now + 1) }, scope);
  const rows = await ask<{ service: string; route: string; every: number; failed: number }>(
    `SELECT toString(service) AS service, toString(route) AS route, sum(total) AS every, sum(errors) AS failed FROM request_10s WHERE ${where.sql} GROUP BY service, route`,
    where.params,
  );
  return rows.map((row) => ({ service: row.service, route: row.route, total: Number(row.every), errors: Number(row.failed) }));
}
