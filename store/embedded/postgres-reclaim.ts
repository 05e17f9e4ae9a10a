import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#lib/clock.ts';
import { type DurationMs, durationMs, second } from '#lib/time.ts';
import { isAlive } from './owner.ts';

/**
 * Makes way for a new server after an owner that died: an orphaned server of this very directory is stopped, a pid file that
 * names a stranger (the id was given to another program) is removed. A pid file of a dead process Postgres clears up itself.
 */
export async function reclaimCluster(dir: string, clock: Clock): Promise<'nothing' | 'stopped an orphan' | 'removed a stale pid file'> {
  const pid = Number.parseInt(readText(join(dir, 'postmaster.pid')), 10);
  if (!(pid > 0) || !isAlive(pid)) return 'nothing';
  if (commandLine(pid).includes(dir)) {
    await end(pid, clock);
    return 'stopped an orphan';
  }
  // Without the pid file Postgres could not know of surviving children of the dead server, so those must be gone first.
  if (!(await waitUntil(() => !hasProcessIn(dir), second, { clock, limitMs: durationMs(30_000) }))) throw new Error(`processes of an earlier Postgres still run in ${dir}: stop them first`);
  await rm(join(dir, 'postmaster.pid'), { force: true });
  return 'removed a stale pid file';
}

async function end(pid: number, clock: Clock): Promise<void> {
  for (const [signal, limitMs] of [
    ['SIGINT', 10_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw new Error(`an earlier Postgres (process ${pid}) still runs and belongs to another account: stop it first`);
    }
    if (await waitUntil(() => !isAlive(pid), durationMs(50), { clock, limitMs: durationMs(limitMs) })) return;
  }
  throw new Error(`an earlier Postgres (process ${pid}) does not end: stop it first`);
}

async function waitUntil(holds: () => boolean, every: DurationMs, { clock, limitMs }: { clock: Clock; limitMs: DurationMs }): Promise<boolean> {
  const start = clock.elapsed();
  while (!holds()) {
    if (clock.elapsed() - start > limitMs) return false;
    await clock.sleep(every);
  }
  return true;
}

function commandLine(pid: number): string {
  if (existsSync('/proc/self/cmdline')) return readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

/** Every Postgres process has its data directory as working directory. */
function hasProcessIn(dir: string): boolean {
  if (!existsSync('/proc/self/cwd')) return false;
  return readdirSync('/proc').some((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`) === dir;
    } catch {
      return false;
    }
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
