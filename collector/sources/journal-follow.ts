import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { LogRecord } from '#collector/log.ts';
import type { LineOrigin } from '#collector/origin.ts';
import { between, durationMs } from '#lib/time.ts';
import { entryFields, readEntry } from './journal-entry.ts';
import type { RunningSource, SourceContext } from './source.ts';
import { createCounters, type SourceCounters } from './source-counters.ts';

export interface JournalConfig {
  origin: Pick<LineOrigin, 'source' | 'service' | 'format'>;
  units: readonly string[];
  identifiers: readonly string[];
  startAt: 'beginning' | 'end';
  directory?: string | undefined;
}

const program = 'journalctl';
const firstWait = durationMs(1_000);
const longestWait = durationMs(60_000);
const endingMs = durationMs(2_000);
/** An entry longer than this is given up; a text is cut far earlier. */
const longestEntry = 4 * 1024 * 1024;
/** A last entry this old says nothing of how far behind we are: nothing has come since. */
const quietMs = 2_000;

export function followJournal(config: JournalConfig, context: SourceContext): RunningSource {
  return new JournalFollower(config, context);
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

class JournalFollower implements RunningSource {
  readonly #config: JournalConfig;
  readonly #context: SourceContext;
  readonly #counters: SourceCounters;
  readonly #stopping = new AbortController();
  readonly #following: Promise<void>;
  #child: Child | undefined;
  #lag: { ms: number; at: number } | null = null;
  /** Entries of the program that runs now: one that read anything was well. */
  #read = 0;

  constructor(config: JournalConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    this.#counters = createCounters({ id: config.origin.source, kind: 'journal', clock: context.clock });
    this.#following = this.#follow();
  }

  health() {
    const lag = this.#lag;
    // Nobody looks while the program does not run: then it is not known what waits.
    const lagMs = !this.#child ? null : lag && this.#context.clock.now() - lag.at <= quietMs ? lag.ms : 0;
    return this.#counters.health({ open: this.#child ? 1 : 0, lagMs });
  }

  nudge(): void {}

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  /** One run of the program after another, longer apart while they end badly. */
  async #follow(): Promise<void> {
    const { clock, onError } = this.#context;
    const { signal } = this.#stopping;
    let told = '';
    for (let wait = firstWait; !signal.aborted; wait = durationMs(Math.min(longestWait, wait * 2))) {
      const why = await this.#run();
      if (signal.aborted) return;
      if (this.#read > 0) wait = firstWait;
      const error = new Error(`${this.#config.origin.source}: ${why}`);
      this.#counters.fail(error);
      // A program that is missing is missing each time.
      if (told !== why) onError(error);
      told = why;
      await clock.sleep(wait, signal).catch(() => {});
    }
  }

  /** Resolves with why it ended. */
  async #run(): Promise<string> {
    this.#read = 0;
    const child = spawn(program, this.#words(), { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8', SYSTEMD_COLORS: '0' } });
    let said = '';
    child.stderr.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-500)));
    const ended = once(child, 'close') as Promise<[number | null, string | null]>;
    const stop = (): void => this.#end(child);
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
    try {
      await once(child, 'spawn');
      this.#child = child;
      if (this.#stopping.signal.aborted) stop();
      await this.#readAll(child);
      const [code, signal] = await ended;
      return said.trim() || `${program} ended with ${signal ?? `code ${code}`}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return `${program} is not on this machine: install systemd, or take this source out`;
      return `${program}: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      this.#child = undefined;
      ended.catch(() => {});
      this.#stopping.signal.removeEventListener('abort', stop);
    }
  }

  #end(child: Child): void {
    child.kill('SIGTERM');
    const cancel = this.#context.clock.after(endingMs, () => child.kill('SIGKILL'));
    child.once('close', cancel);
  }

  /** Following means only this boot unless journals are merged, and what came before a restart of the machine is wanted as well. */
  #words(): string[] {
    const { units, identifiers, startAt, directory, origin } = this.#config;
    const cursor = this.#context.spool.cursor(origin.source);
    const from = cursor !== undefined ? [`--after-cursor=${cursor}`, '--no-tail'] : startAt === 'end' ? ['--lines=0'] : ['--no-tail'];
    const chosen = [...units.map((unit) => `--unit=${unit}`), ...identifiers.map((name) => `--identifier=${name}`), ...(directory === undefined ? [] : [`--directory=${directory}`])];
    return ['--output=json', '--follow', '--merge', '--boot=all', '--all', '--quiet', '--no-pager', `--output-fields=${entryFields.join(',')}`, ...from, ...chosen];
  }

  /** A piece is on disk before the next is read: the journal waits as long as the disk does. */
  async #readAll(child: Child): Promise<void> {
    let held: Buffer[] = [];
    let size = 0;
    let skipping = false;
    for await (const piece of child.stdout as AsyncIterable<Buffer>) {
      const feed = piece.lastIndexOf(10);
      if (feed < 0) {
        size += piece.length;
        held.push(piece);
        if (size <= longestEntry) continue;
        if (!skipping) this.#counters.add({ longLines: 1, lines: 1, dropped: 1 });
        skipping = true;
        [held, size] = [[], 0];
        continue;
      }
      let whole = Buffer.concat([...held, piece.subarray(0, feed)]).toString('utf8');
      if (skipping) whole = whole.slice(whole.indexOf('\n') + 1 || whole.length);
      skipping = false;
      held = [piece.subarray(feed + 1)];
      size = held[0]?.length ?? 0;
      await this.#keep(whole.split('\n'));
    }
  }

  async #keep(lines: readonly string[]): Promise<void> {
    const { clock, spool } = this.#context;
    const now = clock.now();
    const origin: LineOrigin = { ...this.#config.origin, observedAt: now, nearAt: now };
    const rows: LogRecord[] = [];
    let cursor: string | undefined;
    for (const line of lines) {
      if (line === '') continue;
      const entry = readEntry(line, origin);
      this.#counters.add({ lines: 1, ...(entry === undefined && { malformed: 1 }) });
      if (!entry) continue;
      cursor = entry.cursor;
      this.#counters.add({ masked: entry.masked, longLines: entry.long ? 1 : 0, ...(entry.row ? (entry.malformed ? { malformed: 1 } : { events: 1 }) : { blank: 1 }) });
      if (entry.row) rows.push(entry.row);
    }
    if (cursor === undefined) return;
    this.#read += rows.length;
    const newest = rows.at(-1);
    if (newest) this.#lag = { ms: Math.max(0, between(newest.timestamp, now)), at: now };
    const kept = await spool.append(rows.length > 0 ? { kind: 'logs', rows } : { kind: 'mark' }, { checkpoint: { source: origin.source, files: {}, cursor }, signal: this.#stopping.signal });
    // Not lost: it is read again from where it was left.
    if (kept === 'kept') this.#counters.recovered();
  }
}
