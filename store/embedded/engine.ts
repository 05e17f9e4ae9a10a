import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '#lib/clock.ts';
import { type DurationMs, durationMs } from '#lib/time.ts';
import type { ChildOptions, FromChild } from './child.ts';
import { claimDirectory } from './owner.ts';
import { folderInMemory, openSpill, type Spill } from './spill.ts';

export interface EngineOptions {
  dataDir: string;
  memoryBytes: number;
  clock: Clock;
  log(text: string): void;
  /** Loopback port; a free one by default. */
  port?: number;
  /** Random by default. */
  password?: string;
  /** How often the engine is asked whether it lives; one that stays silent for three such spans is killed and started again. 20 s by default. */
  aliveEveryMs?: DurationMs;
}

export interface Engine {
  readonly url: string;
  readonly password: string;
  /** Of the engine's process now; changes when it is restarted. */
  readonly pid: number;
  /** Where large bodies of inserts can be laid down for the engine to read. */
  readonly handOver: Spill;
  /** Calls back each time the engine answers again after it died; returns how to stop listening. */
  onRestart(listener: () => void): () => void;
  stop(): Promise<void>;
}

/** How long a directory may still be held by an engine that is going down. */
const lockPatienceMs = durationMs(5_000);
const longestBackoffMs = 10_000;
/** An engine that hangs is ended: whatever it has acknowledged is on disk. */
const stopPatienceMs = durationMs(2_000);
/**
 * A page of memory touched for the first time costs more than the row it is for, most of all on a virtual machine: what one batch
 * gave back is kept a minute for the next. Few arenas, so that the next batch finds it.
 */
const allocator = `percpu_arena:disabled,narenas:${Math.ceil(availableParallelism() / 4)},dirty_decay_ms:60000`;

let started = 0;

/** Starts the embedded ClickHouse as a child process and keeps it running, on one port with one password. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const giveBack = await claimDirectory(options.dataDir, 'The embedded ClickHouse');
  const supervisor = new Supervisor(options, giveBack);
  try {
    await supervisor.startFirst();
  } catch (error) {
    supervisor.handOver.close();
    await giveBack();
    throw error;
  }
  return supervisor;
}

class Supervisor implements Engine {
  readonly #options: EngineOptions;
  readonly #listeners = new Set<() => void>();
  readonly password: string;
  #port: number;
  #child: ChildProcess | undefined;
  #stopping = false;
  #failuresInARow = 0;
  #lastWords = '';
  readonly #giveBack: () => Promise<void>;
  readonly handOver: Spill;
  readonly #folders: readonly string[];

  constructor(options: EngineOptions, giveBack: () => Promise<void>) {
    const owner = { name: 'writer', pid: process.pid, number: ++started } as const;
    const onDisk = join(resolve(options.dataDir), 'handed-over');
    this.handOver = openSpill(onDisk, owner);
    this.#folders = [onDisk, folderInMemory(owner)];
    this.#giveBack = async () => {
      this.handOver.close();
      await giveBack();
    };
    this.#options = { ...options, dataDir: resolve(options.dataDir) };
    this.password = options.password ?? randomBytes(24).toString('base64url');
    this.#port = options.port ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }
  get pid(): number {
    return this.#child?.pid ?? 0;
  }
  onRestart(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Unlike a restart, a first start that fails is told to the caller. */
  async startFirst(): Promise<void> {
    const { clock, dataDir } = this.#options;
    const startedAt = clock.elapsed();
    for (;;) {
      const failure = await this.#launch();
      if (!failure) return;
      const locked = /lock/i.test(failure);
      if (!locked) throw new Error(`The embedded ClickHouse did not start: ${failure}`);
      if (clock.elapsed() - startedAt > lockPatienceMs) throw new Error(`${dataDir} is already in use by another embedded ClickHouse${owner(dataDir)}; stop it or choose another data directory`);
      await clock.sleep(durationMs(250));
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return this.#giveBack();
    const ended = new Promise<void>((done) => child.once('exit', () => done()));
    if (child.connected) child.send('stop');
    const giveUp = this.#options.clock.after(stopPatienceMs, () => child.kill('SIGKILL'));
    await ended;
    giveUp();
    await this.#giveBack();
  }

  /** Resolves with why it failed, or undefined once it answers. */
  #launch(): Promise<string | undefined> {
    const env = { JE_MALLOC_CONF: allocator, ...process.env, UV_THREADPOOL_SIZE: '16' };
    const child = fork(fileURLToPath(new URL('./child.ts', import.meta.url)), { execArgv: [], env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child = child;
    this.#lastWords = '';
    child.stderr?.on('data', (bytes: Buffer) => {
      this.#lastWords = (this.#lastWords + bytes.toString()).slice(-4_000);
    });
    return new Promise((done) => {
      child.on('message', (message: FromChild) => {
        if ('failed' in message) return done(`${message.failed} ${this.#lastWords}`.trim());
        this.#port = message.ready.port;
        this.#failuresInARow = 0;
        const stopAsking = this.#keepAsking(child);
        child.once('exit', (code, signal) => {
          stopAsking();
          this.#died(code, signal);
        });
        done(undefined);
      });
      child.once('exit', (code, signal) => done(`it ended with ${signal ?? code}. ${this.#lastWords}`.trim()));
      child.once('error', (error) => done(error.message));
      child.send(this.#childOptions());
    });
  }

  /** A dead process is noticed at once; one that hangs only by asking it. */
  #keepAsking(child: ChildProcess): () => void {
    const { clock, aliveEveryMs = durationMs(20_000), log } = this.#options;
    let silent = 0;
    let cancel = () => {};
    const ask = async () => {
      const answered = await fetch(`${this.url}/ping`, { signal: AbortSignal.timeout(aliveEveryMs) }).then(
        (response) => response.ok,
        () => false,
      );
      silent = answered ? 0 : silent + 1;
      if (silent >= 3) {
        log('embedded ClickHouse does not answer, ending it');
        child.kill('SIGKILL');
      } else cancel = clock.after(aliveEveryMs, ask);
    };
    cancel = clock.after(aliveEveryMs, ask);
    return () => cancel();
  }

  #childOptions(): ChildOptions {
    const { dataDir, memoryBytes } = this.#options;
    return { dataDir, memoryBytes, port: this.#port, password: this.password, slots: { reads: 6, writes: 4 }, handOver: this.#folders };
  }

  #died(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#stopping) return;
    this.#options.log(`embedded ClickHouse ended with ${signal ?? code}, starting it again. ${this.#lastWords}`.trim());
    void this.#revive();
  }

  async #revive(): Promise<void> {
    const { clock, log } = this.#options;
    while (!this.#stopping) {
      const failure = await this.#launch();
      if (this.#stopping) return this.stop();
      if (!failure) {
        for (const listener of this.#listeners) listener();
        return;
      }
      const wait = durationMs(Math.min(longestBackoffMs, 100 * 2 ** this.#failuresInARow++));
      log(`embedded ClickHouse did not start again, next try in ${wait} ms: ${failure}`);
      await clock.sleep(wait);
    }
  }
}

/** ` (process 123)` from the engine's own status file. */
function owner(dataDir: string): string {
  try {
    const pid = /PID: (\d+)/.exec(readFileSync(join(dataDir, 'status'), 'utf8'))?.[1];
    return pid ? ` (process ${pid})` : '';
  } catch {
    return '';
  }
}
