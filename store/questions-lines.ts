import type { Heat, Lines, Span } from '#lib/series.ts';
import { type DurationMs, type UnixMs, unixMs } from '#lib/time.ts';
import { type Ask, bucketsIn, type Condition, type Scope, shown } from './questions-ask.ts';
import { stateLetter } from './questions-checks.ts';
import { type Grid, gridFor, type LineRow, laid, mostLines, stepIndex } from './questions-grid.ts';
import { heatBound, heatRow, quantilesOf } from './questions-quantile.ts';

export interface LineQuestion {
  span: Span;
  now: UnixMs;
  scope: Scope;
}
export type LineBy = 'all' | 'route' | 'probe' | 'vantage' | 'reason';

/** A rollup family and the count that ranks its lines. */
export interface Family {
  name: 'request' | 'check' | 'login';
  weight: string;
}
export const requests: Family = { name: 'request', weight: 'total' };
export const checks: Family = { name: 'check', weight: 'total' };
export const logins: Family = { name: 'login', weight: 'failed' };

/** Where to read and on which grid; with `by`, only the ten heaviest lines of the whole span. */
export function prepared(question: LineQuestion, family: Family, by: LineBy): { grid: Grid; table: string; where: Condition; key: string } {
  const grid = gridFor(question.span, question.now);
  const table = `${family.name}_${grid.table}`;
  const where = bucketsIn(grid.span, question.scope);
  const params = { ...where.params, step: grid.stepMs / 1000 };
  if (by === 'all') return { grid, table, where: { sql: where.sql, params }, key: `'all'` };
  const heaviest = `SELECT ${by} FROM ${table} WHERE ${where.sql} GROUP BY ${by} ORDER BY sum(${family.weight}) DESC, ${by} LIMIT ${mostLines}`;
  return { grid, table, where: { sql: `${where.sql} AND ${by} IN (${heaviest})`, params }, key: `toString(${by})` };
}

/** Percentiles of every step, out of merged histograms; asked for "all" there is one line a quantile (p50, p95…), else one line a key for the first quantile. */
export async function latency(ask: Ask, question: LineQuestion & { by: LineBy; quantiles: readonly number[] }, family: Family): Promise<Lines> {
  const { by, quantiles } = question;
  const { grid, table, where, key } = prepared(question, family, by);
  const grouped = `SELECT ${stepIndex} AS step_index, ${key} AS line, sumMap(histogram) AS h FROM ${table} WHERE ${where.sql} GROUP BY step_index, line`;
  const statement = `${quantilesOf(grouped, quantiles, ['step_index', 'line'])}\nORDER BY step_index`;
  const rows = await ask<{ step_index: number; line: string; n: number } & Record<string, number | null>>(statement, where.params);
  const sql = shown(statement, where.params);
  const quantileIn = (row: Record<string, unknown>, index: number): number | null => (typeof row[`q${index}`] === 'number' ? Number(row[`q${index}`]) : null);
  if (by !== 'all')
    return laid(
      grid,
      rows.map((row): LineRow => ({ step: row.step_index, line: row.line, value: quantileIn(row, 0), samples: row.n })),
      { sql },
    );
  const names = quantiles.map((quantile) => `p${Math.round(quantile * 1000) / 10}`);
  const spread = rows.flatMap((row) => names.map((line, index): LineRow => ({ step: row.step_index, line, value: quantileIn(row, index), samples: row.n })));
  return laid(grid, spread, { keys: names, sql });
}

/** `value` of every step and key; a step without observations stays a gap. */
export async function ratios(ask: Ask, question: LineQuestion & { by: LineBy }, { family, value, samples }: { family: Family; value: string; samples: string }): Promise<Lines> {
  const { grid, table, where, key } = prepared(question, family, question.by);
  const statement = `SELECT ${stepIndex} AS step_index, ${key} AS line, ${samples} AS n, if(n = 0, NULL, ${value}) AS value
FROM ${table} WHERE ${where.sql} GROUP BY step_index, line ORDER BY step_index`;
  const rows = await ask<{ step_index: number; line: string; value: number | null; n: number }>(statement, where.params);
  return laid(
    grid,
    rows.map((row): LineRow => ({ step: row.step_index, line: row.line, value: row.value, samples: row.n })),
    { ...(question.by === 'all' ? { keys: ['all'] } : {}), sql: shown(statement, where.params) },
  );
}

export async function heatmap(ask: Ask, question: LineQuestion, family: Family): Promise<Heat> {
  const { grid, table, where } = prepared(question, family, 'all');
  const statement = `SELECT step_index, ${heatRow} AS heat_row, sum(hits) AS cell
FROM (SELECT ${stepIndex} AS step_index, sumMap(histogram) AS h FROM ${table} WHERE ${where.sql} GROUP BY step_index)
ARRAY JOIN mapKeys(h) AS bucket_key, mapValues(h) AS hits
GROUP BY step_index, heat_row ORDER BY step_index, heat_row`;
  const rows = await ask<{ step_index: number; heat_row: number; cell: number }>(statement, where.params);
  const seen = rows.map((row) => Number(row.heat_row));
  const lowest = Math.min(...seen);
  const bounds = rows.length === 0 ? [] : Array.from({ length: Math.max(...seen) - lowest + 1 }, (_, index) => heatBound(lowest + index));
  return {
    times: grid.times,
    stepMs: grid.stepMs,
    bounds,
    cells: rows.map((row) => [Number(row.step_index), Number(row.heat_row) - lowest, Number(row.cell)] as const),
    sql: shown(statement, where.params),
  };
}

/** Worst state of each probe in each step, one letter a step. */
export async function checkStates(ask: Ask, question: LineQuestion): Promise<{ times: readonly UnixMs[]; stepMs: DurationMs; rows: { key: string; cells: string }[]; sql: string }> {
  const { grid, table, where } = prepared(question, checks, 'all');
  const statement = `SELECT key, arrayStringConcat(groupArrayInsertAt('u', ${grid.times.length})(letter, step_index)) AS cells
FROM (
  SELECT toString(probe) AS key, ${stepIndex} AS step_index, ${stateLetter} AS letter
  FROM ${table} WHERE ${where.sql} GROUP BY key, step_index
)
GROUP BY key ORDER BY key LIMIT 100`;
  const rows = await ask<{ key: string; cells: string }>(statement, where.params);
  return { times: grid.times.map((at) => unixMs(at)), stepMs: grid.stepMs, rows, sql: shown(statement, where.params) };
}
