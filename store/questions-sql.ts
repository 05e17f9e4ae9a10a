import type { Ask } from './questions-ask.ts';
import { type Closed, closedNames, type EngineNames, guarded } from './questions-sql-guard.ts';

/** One bounded answer with its columns, or why there is none. */
export type SqlAnswer =
  | { ok: true; meta: { name: string; type: string }[]; data: Record<string, unknown>[]; rows: number }
  | { ok: false; code: 'refused' | 'failed' | 'limit' | 'unavailable'; message: string };

/** Settings the statement runs under; the engine holds them, the guard keeps the statement from changing them. */
export const sqlLimits = {
  readonly: '1',
  max_execution_time: 10,
  max_memory_usage: String(1_000_000_000),
  max_result_rows: String(10_000),
  max_result_bytes: String(50_000_000),
  result_overflow_mode: 'throw',
  max_rows_to_read: String(500_000_000),
  max_threads: 2,
  // NaN and the infinities as texts: JSON would make all of them null.
  output_format_json_quote_denormals: 1,
} as const;

/** Runs a guarded statement under `sqlLimits` and answers in JSON with meta. */
export type RunSql = (statement: string, signal?: AbortSignal) => Promise<SqlAnswer>;

/** What is closed is asked of the engine itself, so a new engine's new functions are closed without a list of ours. */
export async function engineNames(ask: Ask): Promise<EngineNames> {
  const [databases, tables, tableFunctions, functions] = await Promise.all([
    ask<{ name: string }>('SELECT name FROM system.databases', {}),
    ask<{ name: string }>(`SELECT name FROM system.tables WHERE database = 'fenghuo'`, {}),
    ask<{ name: string }>('SELECT name FROM system.table_functions', {}),
    ask<{ name: string; aliasTo: string; categories: string; origin: string }>('SELECT name, alias_to AS aliasTo, categories, toString(origin) AS origin FROM system.functions', {}),
  ]);
  const names = (rows: { name: string }[]): string[] => rows.map((row) => row.name);
  return { databases: names(databases), tables: names(tables), tableFunctions: names(tableFunctions), functions };
}

/** Answers statements of strangers: guarded by name, held by the engine's own limits. */
export function createSqlQuestion(ask: Ask, run: RunSql): (question: { statement: string; signal?: AbortSignal }) => Promise<SqlAnswer> {
  let closed: Promise<Closed> | undefined;
  return async ({ statement, signal }) => {
    closed ??= engineNames(ask).then(closedNames);
    let known: Closed;
    try {
      known = await closed;
    } catch (error) {
      closed = undefined;
      return { ok: false, code: 'unavailable', message: error instanceof Error ? error.message : String(error) };
    }
    const allowed = guarded(statement, known);
    if (!allowed.ok) return { ok: false, code: 'refused', message: allowed.reason };
    return run(allowed.statement, signal);
  };
}
