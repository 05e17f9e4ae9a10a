import { type ChildProcess, spawn } from 'node:child_process';
import type { Look } from './probe.ts';

/** A program started without a shell, in a group of its own: watched, bounded in what it says, and ended with all it started. */

/** How a program ended; `spawn` when it never began. */
export type Ending = { how: 'exit'; code: number } | { how: 'signal'; name: string } | { how: 'spawn'; reason: string } | { how: 'killed' };

export interface Program {
  command: string;
  args: readonly string[];
  cwd?: string;
  env: NodeJS.ProcessEnv;
  /** Bytes of both outputs together that are kept. */
  maxOutput: number;
}

export interface Ran {
  ending: Ending;
  stdout: Buffer;
  stderr: Buffer;
  /** Bytes thrown away. */
  cut: number;
  /** When the first byte came, by the clock's `elapsed`. */
  firstAt: number | null;
}

interface Output {
  stdout: Buffer[];
  stderr: Buffer[];
  bytes: number;
  cut: number;
  firstAt: number | null;
}

/** Resolves when the program has ended, or at once when the time is up; nothing it started in its group outlives it. */
export async function runProgram(program: Program, look: Look): Promise<Ran> {
  const output: Output = { stdout: [], stderr: [], bytes: 0, cut: 0, firstAt: null };
  const ending = await run(program, look, output);
  return { ending, stdout: Buffer.concat(output.stdout), stderr: Buffer.concat(output.stderr), cut: output.cut, firstAt: output.firstAt };
}

function run(program: Program, look: Look, output: Output): Promise<Ending> {
  return new Promise((resolve) => {
    if (look.signal.aborted) return resolve({ how: 'killed' });
    const { command, args, cwd, env } = program;
    // A group of its own, so that its children can be ended with it.
    const child = spawn(command, args, { ...(cwd === undefined ? {} : { cwd }), env, stdio: ['ignore', 'pipe', 'pipe'], shell: false, detached: true });
    let ended: Ending | null = null;
    const leave = () => {
      killGroup(child);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve(ended ?? { how: 'killed' });
    };
    look.signal.addEventListener('abort', leave, { once: true });
    for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (bytes: Buffer) => keep(output, name, { bytes, look, limit: program.maxOutput }));
    child.on('error', (error: NodeJS.ErrnoException) => {
      look.signal.removeEventListener('abort', leave);
      resolve({ how: 'spawn', reason: error.code ?? error.message });
    });
    child.once('exit', (code, name) => {
      ended = code === null ? { how: 'signal', name: name ?? 'signal' } : { how: 'exit', code };
      killGroup(child);
    });
    child.once('close', () => {
      look.signal.removeEventListener('abort', leave);
      resolve(ended ?? { how: 'killed' });
    });
  });
}

/** What is over the limit is read and thrown away, so that the program does not stand still. */
function keep(output: Output, name: 'stdout' | 'stderr', { bytes, look, limit }: { bytes: Buffer; look: Look; limit: number }): void {
  output.firstAt ??= look.clock.elapsed();
  const room = Math.max(0, limit - output.bytes);
  const kept = bytes.subarray(0, room);
  if (kept.length > 0) output[name].push(kept);
  output.bytes += kept.length;
  output.cut += bytes.length - kept.length;
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
}
