import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { commandAs } from './postgres-account.ts';
import type { Cluster } from './postgres-cluster.ts';

/** A server process that answers. */
export interface Running {
  pid: number;
  /** Resolves with how it ended. */
  ended: Promise<string>;
  signal(name: 'SIGINT' | 'SIGKILL'): void;
}

/** Modest: the operational state of one installation is small, and telemetry lives elsewhere. */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  cluster_name: 'fenghuo',
  shared_buffers: '32MB',
  max_connections: '40',
  max_wal_size: '256MB',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  io_method: 'sync',
  max_logical_replication_workers: '0',
  max_parallel_workers_per_gather: '0',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
};

/** Said to every connection, whenever the server starts or stops. */
const ordinary =
  /terminating connection (due to administrator command|due to unexpected postmaster exit|because of crash of another server process)|the database system is (starting up|shutting down|in recovery mode|not yet accepting connections)/;

/** Starts the server once and waits until it answers; throws with its own words when it ends before that. */
export async function launchPostgres(cluster: Cluster, port: number, say: (line: string) => void): Promise<Running> {
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = await commandAs(cluster.account, [cluster.dir], [cluster.postgres, '-D', cluster.dir, '-p', String(port), ...flags]);
  // Detached: Ctrl-C in a terminal reaches every process of its group, and Postgres must outlive our last writes.
  const child = spawn(command.file, command.args, { ...command.options, cwd: cluster.dir, detached: true, stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env.PATH, LC_ALL: 'C' } });
  const last: string[] = [];
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `killed by ${signal}` : `ended with code ${code}`));
  });
  const ready = new Promise<'ready'>((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      last.push(line);
      if (last.length > 8) last.shift();
      if (/ (WARNING|FATAL|PANIC): /.test(line) && !ordinary.test(line)) say(line.replace(/^.*?(WARNING|FATAL|PANIC): +/, 'Postgres: '));
      if (line.includes('database system is ready to accept connections')) resolve('ready');
    });
  });
  const outcome = await Promise.race([ready, ended]);
  if (outcome !== 'ready') throw new Error(`Postgres did not start, ${outcome}: ${last.join(' | ')}`);
  const guard = guardAgainstOurDeath(child);
  void ended.then(() => guard.kill('SIGKILL'));
  return { pid: child.pid ?? 0, ended, signal: (name) => void child.kill(name) };
}

/** A waiting shell that notices when our end of its pipe closes, however we died, and then stops the server. */
function guardAgainstOurDeath(child: ChildProcess): ChildProcess {
  const guard = spawn('sh', ['-c', 'read -r _; kill -INT "$1"', 'fenghuo-postgres-guard', String(child.pid)], { cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  guard.once('error', () => undefined);
  guard.unref();
  return guard;
}

/** A loopback port nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
