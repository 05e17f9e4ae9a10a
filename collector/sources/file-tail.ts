import { randomUUID } from 'node:crypto';
import { type Heading, headed } from '#collector/formats/heading.ts';
import { headingFor } from '#collector/origin.ts';
import { watchedPace } from '#collector/pace.ts';
import { type Loop, startLoop } from '#lib/loop.ts';
import { between, durationMs, type UnixMs, unixMs } from '#lib/time.ts';
import { emptyPrint, printOf } from './content-print.ts';
import { decideReads, lostOf, type Reading, type Seen } from './decide-reads.ts';
import { findFiles } from './find-files.ts';
import { KnownFiles } from './known-files.ts';
import { createGatherer, type LineGatherer } from './line-gatherer.ts';
import { type Look, lookAt, type Sizes } from './look.ts';
import { plainBefore, readPacked } from './packed-file.ts';
import { findRenamed } from './renamed.ts';
import { familyOf } from './rotated-names.ts';
import type { RunningSource, SourceContext } from './source.ts';
import { createCounters, type SourceCounters } from './source-counters.ts';
import type { FileTailConfig } from './tail-config.ts';
import { discoverMs, drainMs, eventMs, freshLooks, looksPerBeat, mostHandles, pollMs, quietLooks, rememberMs, roundMs, warmLooks, warmMs } from './tail-limits.ts';
import { changedBy, closeHandle, followOriginal, handleOf, positionOf, readingOf, readSlice, remembered, type TailedFile, unread } from './tailed-file.ts';
import { type WatchHints, watchHints } from './watch-hints.ts';

export type { FileTailConfig } from './tail-config.ts';

export function startFileTail(config: FileTailConfig, context: SourceContext): RunningSource {
  const tail = new FileTail(config, context);
  const loop = startLoop({ name: `source ${config.id}`, everyMs: pollMs, clock: context.clock, run: (now) => tail.round(now), onError: (error) => tail.fail('', error) });
  return tail.running(loop);
}

/** The source without its loop: `round` looks, decides and reads once. */
export class FileTail {
  readonly #config: FileTailConfig;
  readonly #context: SourceContext;
  readonly #counters: SourceCounters;
  readonly #gatherer: LineGatherer;
  readonly #heading: Heading | undefined;
  readonly #stopping = new AbortController();
  readonly #known = new KnownFiles();
  readonly #sizes: Sizes = new Map();
  readonly #troubled = new Set<string>();
  readonly #hints: WatchHints;
  readonly #reading: ReturnType<typeof readingOf>;
  #paths: string[] = [];
  #fresh: string[] = [];
  #cursor = 0;
  #discoverAt = unixMs(0);
  #searched = false;
  #lagMs: number | null = null;
  /** Starts the next round without a pause: there is more to read. */
  #goOn = (): void => {};

  constructor(config: FileTailConfig, context: SourceContext) {
    this.#config = config;
    this.#reading = readingOf(config);
    this.#context = context;
    this.#heading = headingFor(config.format);
    const { spool, clock, pace = () => watchedPace } = context;
    this.#hints = watchHints(clock, () => durationMs(pace() / looksPerBeat));
    this.#counters = createCounters({ id: config.id, kind: 'file', clock });
    this.#gatherer = createGatherer({ origin: { source: config.id, service: config.service, format: config.format }, spool, clock, counters: this.#counters, signal: this.#stopping.signal, pace });
    for (const [key, position] of spool.positions(config.id)) this.#known.add(remembered(key, position, clock.now()));
  }

  running(loop: Loop): RunningSource {
    this.#hints.onHint(loop.nudge);
    this.#goOn = loop.nudge;
    return {
      health: () => this.#counters.health({ open: this.#known.all().filter(({ present }) => present).length, lagMs: this.#lagMs }),
      nudge: loop.nudge,
      stop: async () => {
        this.#stopping.abort();
        this.#hints.stop();
        await loop.stop();
        await this.#gatherer.settled();
        await Promise.all(this.#known.all().map(closeHandle));
      },
    };
  }

  async round(now: UnixMs): Promise<{ backlog: number }> {
    await this.#discover(now);
    const look = await lookAt(this.#pathsToLookAt(now), this.#known, { sizes: this.#sizes, now });
    for (const { path, error } of look.troubles) this.fail(path, error);
    this.#notePresence(look, now);
    const readings = decideReads(this.#known.all(), look.seen);
    for (const file of this.#known.unbegun(new Set(readings.flatMap(({ do: what, seen }) => (what === 'continue' ? [] : [seen.inode]))))) await this.#forget(file);
    for (const reading of readings) await this.#guard(reading.seen.path, () => this.#apply(reading, now));
    await this.#reopenRenamed(now);
    const behind = await this.#readAll(readings, now);
    await this.#followOriginals(now);
    await this.#finishGone(now);
    await this.#gatherer.flush();
    await this.#adjustHandles();
    if (behind > 0) this.#goOn();
    return { backlog: behind };
  }

  fail(path: string, error: unknown): void {
    this.#counters.fail(error);
    // Said once for each file until it works again, not four times a second.
    if (path !== '' && this.#troubled.has(path)) return;
    if (path !== '') this.#troubled.add(path);
    this.#context.onError(error);
  }

  async #guard(path: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      if (this.#troubled.delete(path) && this.#troubled.size === 0) this.#counters.recovered();
    } catch (error) {
      this.fail(path, error);
    }
  }

  async #discover(now: UnixMs): Promise<void> {
    if (now < this.#discoverAt && !this.#hints.hasNewName()) return;
    const startedAt = this.#context.clock.elapsed();
    const found = await findFiles(this.#config.paths);
    const before = new Set(this.#paths);
    this.#fresh.push(...[...found].filter((path) => !before.has(path)).sort());
    for (const path of before) if (!found.has(path)) this.#sizes.delete(path);
    this.#paths = [...found];
    this.#hints.watch(found);
    // A search through very many files may take a twentieth of the time, not more.
    this.#discoverAt = unixMs(now + Math.max(discoverMs, 20 * (this.#context.clock.elapsed() - startedAt)));
  }

  #pathsToLookAt(now: UnixMs): Set<string> {
    const paths = new Set([...this.#fresh.splice(0, freshLooks), ...this.#hints.take()]);
    const warm = this.#known.all().filter((file) => file.present && (between(file.changedAt, now) < warmMs || file.behindSince !== undefined));
    if (warm.length > warmLooks) warm.sort((a, b) => b.changedAt - a.changedAt);
    for (const file of warm.slice(0, warmLooks)) paths.add(file.path);
    for (let count = Math.min(quietLooks, this.#paths.length); count > 0; count--) paths.add(this.#paths[this.#cursor++ % this.#paths.length] as string);
    return paths;
  }

  #notePresence({ seen, missing }: Look, now: UnixMs): void {
    const named = [...missing, ...seen.map(({ path }) => path)].flatMap((path) => this.#known.byPath(path));
    for (const file of lostOf(named, seen)) this.#lose(file, now);
  }

  #lose(file: TailedFile, now: UnixMs): void {
    file.present = false;
    file.changedAt = now;
    this.#known.moved();
  }

  async #apply(reading: Reading, now: UnixMs): Promise<void> {
    const { seen } = reading;
    if (reading.do === 'wait' || reading.do === 'skip') return;
    if (reading.do === 'fresh') {
      const instead = reading.instead === undefined ? undefined : this.#known.get(reading.instead);
      if (instead) {
        this.#lose(instead, now);
        await closeHandle(instead);
        if (reading.why === 'truncated' || reading.why === 'replaced') this.#counters.add({ truncated: 1 });
      }
      return this.#begin(seen, now);
    }
    if (reading.do === 'unpack') return this.#begin(seen, now, { unpacked: 0, ...plainBefore(this.#known.get(reading.after ?? '')) });
    const file = this.#known.get(reading.key);
    if (!file) return;
    if (reading.do === 'continue') return this.#place(file, seen, now);
    if (reading.copied) {
      const copy = { ...file, key: randomUUID(), handle: undefined, behindSince: undefined, shadowOf: file.key };
      this.#known.add(copy);
      return this.#place(copy, seen, now);
    }
    await closeHandle(file);
    this.#place(file, seen, now);
  }

  #place(file: TailedFile, { path, inode, size, mtimeMs }: Seen, now: UnixMs): void {
    if (file.size !== size || file.mtimeMs !== mtimeMs) file.changedAt = file.size < 0 ? changedBy(mtimeMs, now) : now;
    const moved = file.path !== path || file.inode !== inode || !file.present;
    Object.assign(file, { path, inode, size, mtimeMs, present: true });
    if (!moved) return;
    this.#known.moved();
    if (!file.shadowOf) this.#gatherer.reached(file.key, positionOf(file));
  }

  async #begin(seen: Seen, now: UnixMs, packed: Partial<TailedFile> = {}): Promise<void> {
    const file = { ...unread(seen, now), ...packed };
    // Only what was there before the very first look may be skipped; what appears later is read from its beginning.
    if (this.#config.startAt === 'end' && !this.#searched) {
      file.offset = seen.size;
      const handle = await handleOf(file);
      if (handle) Object.assign(file, await printOf(handle, seen.size, emptyPrint));
      this.#gatherer.reached(file.key, positionOf(file));
    }
    this.#known.add(file);
  }

  /** Renamed while we were not running, to a name nobody asked us to watch: what is left of it is still read. */
  async #reopenRenamed(now: UnixMs): Promise<void> {
    if (this.#searched || this.#fresh.length > 0) return;
    this.#searched = true;
    for (const file of this.#known.all().filter(({ present, handle }) => !present && !handle)) {
      await this.#guard(file.path, async () => {
        file.handle = await findRenamed(file);
        file.changedAt = now;
      });
    }
  }

  /** Oldest first; a younger generation of the same log waits until the older one is read to its end. */
  async #readAll(readings: readonly Reading[], now: UnixMs): Promise<number> {
    const order = readings.flatMap((reading) => (reading.do !== 'wait' && reading.do !== 'skip' ? this.#known.byInode(reading.seen.inode).filter(({ present }) => present) : []));
    const gone = this.#known.all().filter(({ present, handle }) => !present && handle);
    const open = new Set([...gone, ...order.filter((file) => file.offset < file.size && !file.shadowOf)]);
    const until = this.#context.clock.elapsed() + roundMs;
    while (open.size > 0 && !this.#stopping.signal.aborted && this.#context.clock.elapsed() < until) {
      const families = new Set<string>();
      for (const file of [...open]) {
        const family = familyOf(file.path);
        if (families.has(family)) continue;
        families.add(family);
        let atEnd = true;
        await this.#guard(file.path, async () => {
          atEnd = await this.#readOn(file, now);
        });
        if (atEnd) {
          open.delete(file);
          families.delete(family);
        }
      }
    }
    return this.#noteLag(open, now);
  }

  /** One slice; true at the end of what there is. */
  async #readOn(file: TailedFile, now: UnixMs): Promise<boolean> {
    const stillMs = between(file.changedAt, now);
    const end = stillMs >= (file.present ? this.#config.idleMs : drainMs);
    const read = file.unpacked === undefined ? readSlice(file, { ...this.#reading, end, quiet: end || stillMs >= eventMs }) : readPacked(file, this.#reading);
    const { cut, atEnd, moved, grown, trouble } = await read;
    if (trouble) this.fail(`${file.path} unpacking`, trouble);
    // Nobody looks at a file that is gone; reading it tells that it still grows.
    if (!file.present && (moved || grown)) file.changedAt = now;
    if (!moved) return atEnd;
    const lines = this.#heading ? headed(file, cut.lines, this.#heading) : cut.lines;
    this.#counters.add({ lines: cut.lines.length - lines.length, longLines: cut.longLines, undecodable: cut.undecodable, masked: cut.masked });
    if (cut.undecodable > 0) this.fail(`${file.path} encoding`, new Error(`${file.path}: ${cut.undecodable} lines hold bytes that are not ${file.encoding?.name}; check the source's encoding`));
    await this.#gatherer.add(cut.plain ?? lines, { key: file.key, position: positionOf(file), writtenAt: unixMs(file.mtimeMs || now) });
    if (atEnd && file.present && this.#known.isLarge(mostHandles)) await closeHandle(file);
    return atEnd;
  }

  #noteLag(behind: ReadonlySet<TailedFile>, now: UnixMs): number {
    this.#lagMs = 0;
    for (const file of this.#known.all()) {
      file.behindSince = behind.has(file) ? (file.behindSince ?? now) : undefined;
      if (file.behindSince !== undefined) this.#lagMs = Math.max(this.#lagMs, between(file.behindSince, now));
    }
    return behind.size;
  }

  /** Lets go of drained files after a while, and of their positions after an hour. */
  async #finishGone(now: UnixMs): Promise<void> {
    for (const file of this.#known.all().filter(({ present }) => !present)) {
      const goneMs = between(file.changedAt, now);
      if (file.handle && goneMs > drainMs + pollMs && file.behindSince === undefined) await closeHandle(file);
      if (goneMs < rememberMs) continue;
      await this.#forget(file);
    }
  }

  async #forget(file: TailedFile): Promise<void> {
    await closeHandle(file);
    this.#known.remove(file.key);
    this.#gatherer.reached(file.key, null);
  }

  /** A copy made before a truncation is read only from where its original was left. */
  async #followOriginals(now: UnixMs): Promise<void> {
    for (const copy of this.#known.all().filter(({ shadowOf }) => shadowOf !== undefined)) {
      await this.#guard(copy.path, async () => {
        if (!(await followOriginal(copy, { original: this.#known.get(copy.shadowOf ?? ''), now }))) return;
        copy.shadowOf = undefined;
        // Only now: after a kill it is to be known for the copy it is, not for a file of its own that has grown.
        this.#gatherer.reached(copy.key, positionOf(copy));
      });
    }
  }

  /** A file is held open so that what is written just before it is removed is not lost, the busiest ones when there are too many. */
  async #adjustHandles(): Promise<void> {
    const present = this.#known.all().filter((file) => file.present);
    if (present.length > mostHandles) {
      const open = present.filter(({ handle }) => handle).sort((a, b) => b.changedAt - a.changedAt);
      for (const file of open.slice(mostHandles)) await closeHandle(file);
      return;
    }
    for (const file of present.filter(({ handle }) => !handle)) await this.#guard(file.path, async () => void (await handleOf(file)));
  }
}
