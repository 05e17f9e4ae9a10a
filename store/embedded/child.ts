import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '#lib/clock.ts';
import { Connections, type Slots } from './connections.ts';
import { healDeduplication } from './heal-deduplication.ts';
import { TokenTurns } from './insert-guard.ts';
import { loadAddon } from './native.ts';
import { createEngineServer } from './server.ts';
import { isBody, openSpill } from './spill.ts';
import { Watch } from './watch.ts';

/** The engine's own process: owns libchdb and the data directory, answers HTTP on loopback, lives only as long as its parent. */
export interface ChildOptions {
  dataDir: string;
  memoryBytes: number;
  port: number;
  password: string;
  slots: Slots;
  /** Where the parent lays bodies down itself. */
  handOver: readonly string[];
}

export type FromChild = { ready: { port: number } } | { failed: string };

function main(options: ChildOptions): void {
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  healDeduplication(options.dataDir);
  const addon = loadAddon();
  // The first connection carries the arguments of the engine itself; it stays open so that the engine does.
  // Counting its memory ten times a second is most of what an engine at rest does; once is enough beside the limit, which each allocation is held to.
  const own = [`--max_server_memory_usage=${options.memoryBytes}`, '--memory_worker_period_ms=1000', '--mark_cache_size=134217728', '--log_comment=keeper'];
  const keeper = addon.CreateConnection(options.dataDir, own);
  const [version = '', zone = 'UTC'] = addon.QueryWithConnection(keeper, 'SELECT version(), timezone()', 'TabSeparated').trim().split('\t');
  const spill = openSpill(join(options.dataDir, 'spill'), { name: 'engine', pid: process.pid });
  const connections = new Connections({ addon, path: options.dataDir, clock: systemClock, slots: options.slots });
  const watch = new Watch({ addon, control: connections.openControl(), clock: systemClock });
  const server = createEngineServer({
    addon,
    connections,
    spill,
    watch,
    clock: systemClock,
    facts: { version, zone },
    password: options.password,
    dataDir: options.dataDir,
    isHandedOver: (path) => isBody(path, options.handOver),
    turns: new TokenTurns(),
    onDoubt: startAgain,
  });
  server.on('error', (error) => tell({ failed: error.message }, () => process.exit(1)));
  server.listen(options.port, '127.0.0.1', () => {
    const address = server.address();
    tell({ ready: { port: typeof address === 'object' && address ? address.port : 0 } });
  });
  const stop = () => {
    server.close(() => {
      spill.close();
      addon.CloseConnection(keeper);
      process.exit(0);
    });
    server.closeIdleConnections();
  };
  process.on('message', (message) => message === 'stop' && stop());
}

/** The supervisor starts the engine anew; whoever waits for an answer meanwhile asks again. */
function startAgain(reason: string): void {
  process.stderr.write(`an insert failed half way: ${reason}\n`);
  // Not an orderly exit: the engine would tear itself down beside its own threads, and may wait for ever on a full disk.
  process.kill(process.pid, 'SIGKILL');
}

function tell(message: FromChild, then?: () => void): void {
  process.send?.(message, undefined, undefined, () => then?.());
}

// A parent that was killed cannot say so; its end of the channel closes. Whatever runs is dropped: nothing of it was acknowledged.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// The parent decides when to stop; a Ctrl-C in the terminal reaches the whole process group.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

process.once('message', (options) => {
  try {
    main(options as ChildOptions);
  } catch (error) {
    tell({ failed: error instanceof Error ? error.message : String(error) }, () => process.exit(1));
  }
});
