import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { Clock } from '#lib/clock.ts';
import { storableText } from '#lib/storable.ts';
import { type DurationMs, durationMs, second } from '#lib/time.ts';
import { connectionLost, mayRunAgain } from './state-errors.ts';

/** Where a query may run: the database itself or an open transaction. */
export type Tx = Omit<NodePgDatabase, 'transaction'>;

/** The operational store: everything someone acknowledged or promised. */
export interface State {
  readonly pool: pg.Pool;
  readonly db: NodePgDatabase;
  /**
   * Runs `change` in one transaction. It runs again from the start when the connection was lost before the commit was sent, or on a
   * conflict with another transaction, so it must do nothing outside the database. A commit without an answer throws `CommitUnknown`.
   */
  transaction<T>(change: (tx: Tx) => Promise<T>): Promise<T>;
  /** Runs a question that changes nothing; asked again while the server restarts. */
  read<T>(question: (db: Tx) => Promise<T>): Promise<T>;
  /** Hears NOTIFY on a channel, also after the server restarted (then `onGap` says that something may have been missed). Returns what stops it. */
  listen(channel: string, heard: (payload: string) => void, onGap?: () => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** The connection ended between COMMIT and its answer: the change is either wholly there or not at all. */
export class CommitUnknown extends Error {
  constructor(cause: unknown) {
    super('the connection to Postgres ended during the commit; whether the change was kept is not known', { cause });
    this.name = 'CommitUnknown';
  }
}

/** For a change that may be made twice without harm: makes it again until it is known to be kept. */
export async function untilKnown<T>(change: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await change();
    } catch (error) {
      if (!(error instanceof CommitUnknown)) throw error;
    }
  }
}

export interface StateOptions {
  clock: Clock;
  /** How long a question or change waits for a server that is away. */
  patienceMs?: DurationMs;
  connections?: number;
}

export function connectState(url: string, { clock, patienceMs = durationMs(15 * second), connections = 12 }: StateOptions): State {
  const pool = new pg.Pool({ connectionString: url, max: connections, application_name: 'fenghuo', connectionTimeoutMillis: patienceMs });
  // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
    keepTextsStorable(client);
  });
  const patiently = patience(clock, patienceMs);
  const db = drizzle({ client: pool });
  const listeners = new Set<() => Promise<void>>();
  return {
    pool,
    db,
    transaction: (change) => patiently(() => runTransaction(pool, change)),
    read: (question) => patiently(() => question(db)),
    async listen(channel, heard, onGap = () => {}) {
      const stop = await startListening({ url, clock, channel, heard, onGap });
      listeners.add(stop);
      return async () => {
        listeners.delete(stop);
        await stop();
      };
    },
    async close() {
      await Promise.all([...listeners].map((stop) => stop()));
      await pool.end();
    },
  };
}

/** Postgres refuses a text with a NUL in it; a hostile one must not stop a commit. */
function keepTextsStorable(client: pg.ClientBase): void {
  const query = client.query.bind(client) as (...words: unknown[]) => unknown;
  client.query = ((statement: unknown, ...rest: unknown[]) => query(statement, ...rest.map(storable))) as typeof client.query;
}

const storable = (value: unknown): unknown => (typeof value === 'string' ? storableText(value) : Array.isArray(value) ? value.map(storable) : value);

async function runTransaction<T>(pool: pg.Pool, change: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const result = await change(drizzle({ client }));
    await client.query('commit').catch((error: unknown) => {
      throw connectionLost(error) ? new CommitUnknown(error) : error;
    });
    return result;
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Tries again while the reason is passing, a little later each time, until patience is over. */
function patience(clock: Clock, limitMs: DurationMs): <T>(work: () => Promise<T>) => Promise<T> {
  return async (work) => {
    const start = clock.elapsed();
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof CommitUnknown || !mayRunAgain(error) || clock.elapsed() - start >= limitMs) throw error;
        await clock.sleep(durationMs(Math.min(25 * tries, 500)));
      }
    }
  };
}

interface Listening {
  url: string;
  clock: Clock;
  channel: string;
  heard(payload: string): void;
  onGap(): void;
}

/** A connection of its own, opened again whenever it breaks. */
async function startListening({ url, clock, channel, heard, onGap }: Listening): Promise<() => Promise<void>> {
  let stopped = false;
  let current: pg.Client;

  async function open(): Promise<void> {
    const client = new pg.Client({ connectionString: url, application_name: 'fenghuo listen', keepAlive: true });
    client.on('notification', (message) => heard(message.payload ?? ''));
    client.on('error', () => undefined);
    await client.connect();
    await client.query(`listen ${pg.escapeIdentifier(channel)}`);
    client.once('end', () => void reopen());
    current = client;
  }

  async function reopen(): Promise<void> {
    for (let tries = 1; !stopped; tries++) {
      const opened = await open().then(
        () => true,
        () => false,
      );
      if (opened && stopped) return void (await current.end());
      if (opened) return onGap();
      await clock.sleep(durationMs(Math.min(50 * tries, 1_000)));
    }
  }

  await open();
  return async () => {
    stopped = true;
    await current.end().catch(() => undefined);
  };
}
