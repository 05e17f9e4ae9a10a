import { ClickHouseError } from '@clickhouse/client';
import type { Telemetry } from './clickhouse.ts';
import type { Ask } from './questions-ask.ts';
import { type RunSql, type SqlAnswer, sqlLimits } from './questions-sql.ts';

/** A question of the console that takes longer is a bug or an engine in trouble; the panel says so instead of waiting. */
const consoleLimits = { max_execution_time: 15, max_memory_usage: '2000000000' } as const;

export const telemetryAsk =
  (telemetry: Telemetry): Ask =>
  <Row extends object>(statement: string, params: Readonly<Record<string, string | number | readonly string[]>>): Promise<Row[]> =>
    telemetry.rows<Row>(statement, params, { settings: consoleLimits });

/** Codes that say a limit was met rather than that the statement is wrong. */
const limitCodes = new Set(['159', '158', '241', '307', '396', '160']);

export const telemetrySql =
  ({ client }: Telemetry): RunSql =>
  async (statement, signal): Promise<SqlAnswer> => {
    try {
      // A sample that was sent twice counts once, though its parts are not merged yet.
      const answer = await client.query({
        query: statement,
        format: 'JSON',
        clickhouse_settings: { ...sqlLimits, ...(/\bsamples\b/i.test(statement) && { final: 1 }) },
        ...(signal ? { abort_signal: signal } : {}),
      });
      const { meta, data, rows } = await answer.json<Record<string, unknown>>();
      return { ok: true, meta: meta ?? [], data, rows: rows ?? data.length };
    } catch (error) {
      if (error instanceof ClickHouseError) return { ok: false, code: limitCodes.has(error.code) ? 'limit' : 'failed', message: error.message };
      return { ok: false, code: 'unavailable', message: error instanceof Error ? error.message : String(error) };
    }
  };
