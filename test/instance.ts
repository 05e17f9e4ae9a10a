import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { processTree } from './process-tree.ts';

/** A Fenghuo started the way a user starts it, driven from outside. */
export interface Instance {
  url: string;
  signIn: string;
  pid: number;
  child: ChildProcess;
  /** Milliseconds from spawn to the ready line. */
  readyMs: number;
  stderr(): string;
  stop(): Promise<number | null>;
  /** kill -9 of every process of the tree at once. */
  killTree(): Promise<void>;
}

export interface StartOptions {
  dataDir: string;
  port: number;
  args?: string[];
  env?: Record<string, string>;
}

/** What `npm start` runs, on this very Node. */
const [, ...startCommand] = (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { start: string } }).scripts.start.split(' ');

/** The first start of a clone builds the console, on a machine that may be busy. */
const startLimitMs = 300_000;

export async function startInstance({ dataDir, port, args = ['--demo'], env = {} }: StartOptions): Promise<Instance> {
  const from = performance.now();
  const child = spawn(process.execPath, [...startCommand, '--data', dataDir, '--listen', `127.0.0.1:${port}`, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-200_000);
  });
  const lines = createInterface({ input: child.stdout });
  const ready = (async () => {
    for await (const line of lines) {
      if (line.startsWith('{"ready"')) return JSON.parse(line) as { url: string; signIn: string; pid: number };
    }
    throw new Error(`ended before it was ready:\n${stderr.slice(-4000)}`);
  })();
  const said = await Promise.race([ready, sleep(startLimitMs, undefined, { ref: false }).then(() => Promise.reject(new Error(`not ready within ${startLimitMs} ms:\n${stderr.slice(-4000)}`)))]);
  return {
    ...said,
    child,
    readyMs: performance.now() - from,
    stderr: () => stderr,
    async stop() {
      // A killed process has a signal and no code; waiting for its end again would be for ever.
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill('SIGTERM');
      await once(child, 'exit');
      return child.exitCode;
    },
    async killTree() {
      const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : Promise.resolve();
      const tree = processTree(child.pid ?? -1);
      // A busy machine does not always let the tree be read; its root dies in any case, and what it started with it.
      child.kill('SIGKILL');
      for (const { pid } of tree) killNow(pid);
      await gone;
    },
  };
}

export function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // already gone
  }
}

/** Asks until the answer is there; the error names what never came. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false | null>, limitMs = 30_000): Promise<T> {
  const end = performance.now() + limitMs;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      last = error;
    }
    await sleep(100);
  }
  throw new Error(`waited ${limitMs} ms for ${what}${last instanceof Error ? `; last error: ${last.message}` : ''}`);
}
