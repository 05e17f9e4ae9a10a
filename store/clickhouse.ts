import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { type Clock, systemClock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';

export interface TelemetryAddress {
  url: string;
  password?: string;
  username?: string;
  database?: string;
  clock?: Clock;
  /** Of an engine on this machine: where the bodies of large inserts can be laid down. */
  handOver?: HandOver;
}

export interface HandOver {
  path(expectedBytes: number): string;
  remove(path: string): Promise<void>;
}

/** What a `{name:Type}` placeholder takes. Instants go as text or as numbers with fromUnixTimestamp64Milli, never as Date: it loses milliseconds. */
export type QueryParams = Readonly<Record<string, string | number | boolean | null | readonly (string | number)[]>>;

export interface ReadOptions {
  signal?: AbortSignal;
  /** ClickHouse settings for this statement only. */
  settings?: Readonly<Record<string, string | number>>;
}

/** The telemetry store, embedded or a server: the same client, the same SQL. */
export interface Telemetry {
  readonly client: ClickHouseClient;
  readonly database: string;
  readonly handOver: HandOver | undefined;
  /** Rows as objects; 64-bit integers come as numbers. Waits out a restart of the store for a few seconds before it fails. */
  rows<Row>(sql: string, params?: QueryParams, options?: ReadOptions): Promise<Row[]>;
  /** A statement without a result: DDL, TRUNCATE, ALTER. Not repeated when the connection breaks. */
  command(sql: string, params?: QueryParams): Promise<void>;
  isReachable(): Promise<boolean>;
  close(): Promise<void>;
}

const patienceMs = durationMs(10_000);

/** Connects and creates the database when it is missing (Atomic: the default one cannot hold refreshable views). */
export async function connectTelemetry({ url, password = '', username = 'default', database = 'fenghuo', clock = systemClock, handOver }: TelemetryAddress): Promise<Telemetry> {
  const common = { url, username, password, request_timeout: 120_000, keep_alive: { enabled: true, idle_socket_ttl: 2_500 }, log: { level: ClickHouseLogLevel.OFF } };
  const first = createClient(common);
  try {
    await patiently(clock, undefined, () => first.command({ query: 'CREATE DATABASE IF NOT EXISTS {database:Identifier} ENGINE = Atomic', query_params: { database } }));
  } catch (error) {
    // An account that may only use a database somebody made for it.
    if (!(error instanceof ClickHouseError && error.type === 'ACCESS_DENIED')) throw error;
  } finally {
    await first.close();
  }
  const client = createClient({
    ...common,
    database,
    max_open_connections: 16,
    // On loopback compressing costs more than it saves.
    compression: { request: false, response: !/\/\/(127\.|localhost|\[::1\])/.test(url) },
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  return {
    client,
    database,
    handOver,
    async rows<Row>(sql: string, params: QueryParams = {}, options: ReadOptions = {}) {
      const ask = () =>
        client.query({
          query: sql,
          format: 'JSONEachRow',
          query_params: { ...params },
          ...(options.signal ? { abort_signal: options.signal } : {}),
          ...(options.settings ? { clickhouse_settings: { ...options.settings } } : {}),
        });
      return patiently(clock, options.signal, async () => (await ask()).json<Row>());
    },
    async command(sql, params = {}) {
      await client.command({ query: sql, query_params: { ...params } });
    },
    isReachable: async () => (await client.ping()).success,
    close: () => client.close(),
  };
}

/** The store could not be reached, or broke off: asking again may help. An answer of the store, good or bad, is not this. */
export function isUnreachable(error: unknown): boolean {
  if (error instanceof ClickHouseError) return ['210', '209', '236', '203', '999'].includes(error.code);
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN|UND_ERR)/.test(code) || /socket hang up|ECONNRE|Timeout error|premature close|aborted/i.test(message);
}

async function patiently<Answer>(clock: Clock, signal: AbortSignal | undefined, ask: () => Promise<Answer>): Promise<Answer> {
  const startedAt = clock.elapsed();
  for (let wait = 50; ; wait = Math.min(500, wait * 2)) {
    try {
      return await ask();
    } catch (error) {
      if (signal?.aborted || !isUnreachable(error) || clock.elapsed() - startedAt > patienceMs) throw error;
      await clock.sleep(durationMs(wait), signal);
    }
  }
}
