import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#lib/clock.ts';
import { durationMs, second } from '#lib/time.ts';
import { claimDirectory, isAlive, ownerOf } from './owner.ts';
import { type Cluster, postgresUser, prepareCluster } from './postgres-cluster.ts';
import { freePort, launchPostgres, type Running } from './postgres-launch.ts';
import { reclaimCluster } from './postgres-reclaim.ts';

export interface EmbeddedPostgres {
  /** Stays the same for as long as we own the directory, across restarts of the server. */
  readonly url: string;
  /** The server process now; another one after a restart. */
  readonly pid: number;
  readonly restarts: number;
  /** Ends the server in order and gives the directory back. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** A directory of our own; made when absent. */
  dataDir: string;
  clock: Clock;
  log(line: string): void;
}

/** Runs a private Postgres below `dataDir`, on loopback with a random port and password, and keeps it running until stopped. */
export async function startPostgres({ dataDir, clock, log }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const release = await claimDirectory(dataDir, 'the embedded Postgres');
  try {
    const cluster = await prepareCluster(await realpath(dataDir));
    const reclaimed = await reclaimCluster(cluster.dir, clock);
    if (reclaimed !== 'nothing') log(`Postgres: ${reclaimed} of an earlier run`);
    const first = await firstLaunch(cluster, { clock, log });
    return supervise({ cluster, clock, log, release, ...first });
  } catch (error) {
    await release();
    throw error;
  }
}

type Voice = Pick<EmbeddedPostgresOptions, 'clock' | 'log'>;

/** Children of a server killed with -9 live on for a moment and keep a new one out; and a free port may be taken before we have it. */
async function firstLaunch(cluster: Cluster, { clock, log }: Voice): Promise<{ port: number; running: Running }> {
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    try {
      return { port, running: await launchPostgres(cluster, port, log) };
    } catch (error) {
      if (tries >= 15) throw error;
      await clock.sleep(durationMs(100 * tries));
    }
  }
}

interface Supervision extends Voice {
  cluster: Cluster;
  port: number;
  running: Running;
  release(): Promise<void>;
}

function supervise({ cluster, port, running: first, clock, log, release }: Supervision): EmbeddedPostgres {
  const stopping = new AbortController();
  let running: Running | undefined = first;
  let pid = first.pid;
  let restarts = 0;

  async function relaunch(): Promise<Running | undefined> {
    for (let tries = 1; !stopping.signal.aborted; tries++) {
      try {
        return await launchPostgres(cluster, port, log);
      } catch (error) {
        if (tries % 20 === 0) log(String(error));
        await clock.sleep(durationMs(Math.min(100 * tries, 2_000)), stopping.signal).catch(() => undefined);
      }
    }
    return undefined;
  }

  async function keepRunning(): Promise<void> {
    while (running) {
      const how = await running.ended;
      if (stopping.signal.aborted) return;
      log(`Postgres ${how}; starting it again`);
      running = await relaunch();
      restarts++;
      pid = running?.pid ?? pid;
      if (stopping.signal.aborted) running?.signal('SIGINT');
    }
  }

  const kept = keepRunning();
  const url = postgresUrl(cluster.password.reveal(), port);
  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    stopping.abort();
    running?.signal('SIGINT');
    const force = clock.after(durationMs(8 * second), () => running?.signal('SIGKILL'));
    await kept;
    force();
    await release();
  }
  return {
    url,
    get pid() {
      return pid;
    },
    get restarts() {
      return restarts;
    },
    stop: () => (stopped ??= stop()),
  };
}

const postgresUrl = (password: string, port: number): string => `postgres://${postgresUser}:${password}@127.0.0.1:${port}/postgres`;

/**
 * The address of the server another process runs in `dataDir` now, for a command beside a running installation; undefined when none does.
 * An owner that is just starting is waited for.
 */
export async function runningPostgresUrl(dataDir: string, clock: Clock): Promise<string | undefined> {
  const read = (name: string) => readFile(join(dataDir, name), 'utf8').catch(() => '');
  for (let tries = 0; tries < 50; tries++) {
    if ((await ownerOf(dataDir)) === undefined) return undefined;
    const [password, serverFile] = await Promise.all([read('password'), read('cluster/postmaster.pid')]);
    const [pid, , , port] = serverFile.split('\n').map(Number);
    if (password && pid && port && isAlive(pid)) return postgresUrl(password.trim(), port);
    await clock.sleep(durationMs(200));
  }
  return undefined;
}
