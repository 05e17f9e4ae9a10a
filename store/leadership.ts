import type { PoolClient } from 'pg';
import type { Clock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';
import type { State } from './state.ts';

interface Office {
  state: State;
  clock: Clock;
  /** The advisory lock that stands for the office. */
  lock: number;
}

/**
 * Waits until no other process holds the office, then holds it for as long as one connection lives. Standbys wait inside Postgres, so the
 * next one takes over the moment the leader's connection ends, however it ended.
 */
export async function leadership({ state, clock, lock }: Office, { signal, lost }: { signal: AbortSignal; lost: () => void }): Promise<() => Promise<void>> {
  for (;;) {
    signal.throwIfAborted();
    const client = await waitForLock(state, lock, signal);
    if (client) return hold(client, lock, lost);
    await clock.sleep(durationMs(200), signal);
  }
}

/** A connection that holds the lock; undefined when it broke while waiting. */
async function waitForLock(state: State, lock: number, signal: AbortSignal): Promise<PoolClient | undefined> {
  let client: PoolClient | undefined;
  // Ending the connection is the only way to stop waiting inside the server.
  const leave = () => client?.release(true);
  try {
    client = await state.pool.connect();
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    await client.query('select pg_advisory_lock($1)', [lock]);
    signal.throwIfAborted();
    return client;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    client?.release(error instanceof Error ? error : true);
    return undefined;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

function hold(client: PoolClient, lock: number, lost: () => void): () => Promise<void> {
  let given = false;
  const gone = () => {
    if (given) return;
    given = true;
    client.release(true);
    lost();
  };
  client.once('end', gone);
  return async () => {
    if (given) return;
    given = true;
    client.off('end', gone);
    const failure = await client.query('select pg_advisory_unlock($1)', [lock]).then(
      () => undefined,
      (error: Error) => error,
    );
    client.release(failure);
  };
}
