import type { Lines, Ranking } from '#lib/series.ts';
import { minute, type UnixMs, unixMs } from '#lib/time.ts';
import { type Ask, bucketsIn, rowsIn, type Scope, scoped, shown } from './questions-ask.ts';
import { type LineRow, laid, stepIndex } from './questions-grid.ts';
import { type LineQuestion, logins, prepared, ratios } from './questions-lines.ts';
import { ranked } from './questions-requests.ts';

export const loginFailureRatio = (ask: Ask, question: LineQuestion): Promise<Lines> => ratios(ask, { ...question, by: 'all' }, { family: logins, value: 'sum(failed) / n', samples: 'sum(attempts)' });

/** Failed attempts a minute, one line for each of the ten commonest reasons. */
export async function loginFailures(ask: Ask, question: LineQuestion): Promise<Lines> {
  const { grid, table, where, key } = prepared(question, logins, 'reason');
  const statement = `SELECT ${stepIndex} AS step_index, ${key} AS line, sum(failed) AS n FROM ${table} WHERE ${where.sql} AND reason != '' GROUP BY step_index, line ORDER BY step_index`;
  const rows = await ask<{ step_index: number; line: string; n: number }>(statement, where.params);
  const perMinute = rows.map((row): LineRow => ({ step: row.step_index, line: row.line, value: (Number(row.n) * minute) / grid.stepMs, samples: Number(row.n) }));
  return laid(grid, perMinute, { sql: shown(statement, where.params) });
}

type TopQuestion = LineQuestion & { limit: number };

export function loginReasons(ask: Ask, question: TopQuestion): Promise<Ranking> {
  const { table, where } = prepared(question, logins, 'all');
  const statement = `SELECT toString(reason) AS key, sum(failed) AS value, count() OVER () AS others FROM ${table} WHERE ${where.sql} AND reason != '' GROUP BY key HAVING value > 0 ORDER BY value DESC, key LIMIT {limit:UInt32}`;
  return ranked(ask, statement, { sql: '', params: { ...where.params, limit: question.limit } });
}

/** Addresses by failed attempts. */
export function loginClients(ask: Ask, question: TopQuestion): Promise<Ranking> {
  const during = rowsIn('timestamp', question.span);
  const where = scoped(question.scope);
  const statement = `SELECT client AS key, sum(login_count) AS value, count() OVER () AS others
FROM logs WHERE ${during.sql} AND ${where.sql} AND login_outcome = 'failed' AND client != '' GROUP BY key ORDER BY value DESC, key LIMIT {limit:UInt32}`;
  return ranked(ask, statement, { sql: '', params: { ...during.params, ...where.params, limit: question.limit } });
}

/** Attempts and failures of the last five minutes by service. */
export async function loginFigures(ask: Ask, { now, scope }: { now: UnixMs; scope: Scope }) {
  const where = bucketsIn({ from: unixMs(now - 5 * minute), until: unixMs(now + 1) }, scope);
  const rows = await ask<{ service: string; tried: number; refused: number }>(
    `SELECT toString(service) AS service, sum(attempts) AS tried, sum(failed) AS refused FROM login_10s WHERE ${where.sql} GROUP BY service`,
    where.params,
  );
  return rows.map((row) => ({ service: row.service, attempts: Number(row.tried), failed: Number(row.refused) }));
}
