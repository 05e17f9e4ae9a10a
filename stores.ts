import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#lib/clock.ts';
import { inTime } from '#lib/in-time.ts';
import { second } from '#lib/time.ts';
import { connectTelemetry, type Telemetry } from '#store/clickhouse.ts';
import { startEngine } from '#store/embedded/engine.ts';
import { runningPostgresUrl, startPostgres } from '#store/embedded/postgres.ts';
import { migrateTelemetry } from '#store/migrate.ts';
import { migrateState } from '#store/migrate-state.ts';
import { startSearchIndex } from '#store/search-index.ts';
import { connectState, type State } from '#store/state.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface StoreOptions {
  dataDir: string;
  environment: Environment;
  clock: Clock;
  log(line: string): void;
}

export interface OpenStore<Store> {
  store: Store;
  /** The server process that is ours; null when it belongs to somebody else. */
  pid(): number | null;
  stop(): Promise<void>;
}

/** Enough for the default retention of a small site; the rest of the machine belongs to the service beside it. */
const engineMemoryBytes = 1_500_000_000;

/** The telemetry store: `CLICKHOUSE_URL`, or an engine of our own below the data directory. Its schema is brought up to date. */
export async function openTelemetry({ dataDir, environment, clock, log }: StoreOptions): Promise<OpenStore<Telemetry>> {
  if (environment.CLICKHOUSE_URL) {
    const url = new URL(environment.CLICKHOUSE_URL);
    const database = url.pathname.slice(1) || 'fenghuo';
    const store = await connectTelemetry({ url: url.origin, username: decodeURIComponent(url.username) || 'default', password: decodeURIComponent(url.password), database, clock });
    return kept(await migrated({ store, pid: () => null, stop: () => store.close() }, migrateTelemetry), { clock, log });
  }
  const folder = join(dataDir, 'clickhouse');
  await mkdir(folder, { recursive: true });
  const engine = await startEngine({ dataDir: folder, memoryBytes: engineMemoryBytes, clock, log });
  const store = await connectTelemetry({ url: engine.url, password: engine.password, clock, handOver: engine.handOver }).catch(async (error: unknown) => {
    await engine.stop();
    throw error;
  });
  const stop = async () => {
    await store.close();
    await engine.stop();
  };
  return kept(await migrated({ store, pid: () => engine.pid, stop }, migrateTelemetry), { clock, log });
}

/** What the telemetry store has done for it as long as it is open. */
function kept(opened: OpenStore<Telemetry>, { clock, log }: Pick<StoreOptions, 'clock' | 'log'>): OpenStore<Telemetry> {
  const index = startSearchIndex({ telemetry: opened.store, clock, onError: (error) => log(`search index: ${error instanceof Error ? error.message : String(error)}`) });
  return {
    ...opened,
    async stop() {
      await index.stop();
      await opened.stop();
    },
  };
}

/** The operational store: `DATABASE_URL`, or a Postgres of our own below the data directory. Its schema is brought up to date. */
export async function openState({ dataDir, environment, clock, log }: StoreOptions): Promise<OpenStore<State>> {
  const own = environment.DATABASE_URL ? undefined : await startPostgres({ dataDir: join(dataDir, 'postgres'), clock, log });
  const store = connectState(environment.DATABASE_URL ?? own?.url ?? '', { clock });
  const stop = async () => {
    // A question under way is waited for a moment; ending the server ends it.
    await inTime(store.close(), { clock, limitMs: second });
    await own?.stop();
  };
  return migrated({ store, pid: () => own?.pid ?? null, stop }, ({ pool }) => migrateState(pool));
}

/** Brings the schema up to date; when that fails nothing stays open. */
async function migrated<Store>(opened: OpenStore<Store>, migrate: (store: Store) => Promise<unknown>): Promise<OpenStore<Store>> {
  try {
    await migrate(opened.store);
    return opened;
  } catch (error) {
    await opened.stop();
    throw error;
  }
}

/** For a command beside a running server: joins the Postgres that already owns the data directory, or starts it for a moment. */
export async function joinState(options: StoreOptions): Promise<OpenStore<State>> {
  const running = options.environment.DATABASE_URL ?? (await runningPostgresUrl(join(options.dataDir, 'postgres'), options.clock));
  if (running === undefined) return openState(options);
  const store = connectState(running, { clock: options.clock });
  return migrated({ store, pid: () => null, stop: () => store.close() }, ({ pool }) => migrateState(pool));
}
