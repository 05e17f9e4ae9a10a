import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '#lib/clock.ts';
import { type Batch, type FilePosition, joinBatches, readBatch, recycle, stored } from './batch.ts';
import { type LetterNote, recentLetters, setAside } from './dead-letters.ts';
import { openSegmentLog, type Place, type SegmentLog } from './segment-log.ts';
import { openGroups, type SpoolGroups } from './spool-groups.ts';
import { SpoolMemory } from './spool-memory.ts';
import { type Entry, SpoolQueue } from './spool-queue.ts';
import { oldestUnsent } from './spool-room.ts';
import type { AppendOptions, Spool, SpoolHealth, SpoolLimits, Taken } from './spool-shape.ts';
import { applyCheckpoint, noteAcked, readState, type SpoolState, writeAcked, writeState } from './spool-state.ts';
import { createSpoolWriter, type Pending, type SpoolWriter, type Written } from './spool-writer.ts';

export { drops, type Spool, type SpoolHealth, type SpoolLimits, type Taken } from './spool-shape.ts';

interface SpoolOptions extends Omit<SpoolLimits, 'drop'>, Partial<Pick<SpoolLimits, 'drop'>> {
  dir: string;
  clock: Clock;
}

/** The last part of the room is for what cannot wait. */
const waitingShare = 0.9;

export async function openSpool({ dir, maxBytes, drop = 'newest', clock }: SpoolOptions): Promise<Spool> {
  const { state, acked } = await readState(dir);
  const { log, frames, lostBytes } = await openSegmentLog(dir, Math.max(65_536, Math.min(16_000_000, Math.floor(maxBytes / 8))));
  const spool = new DiskSpool({ dir, maxBytes, drop, clock }, { log, state, groups: await openGroups(dir) });
  for (const { head, place } of frames) spool.recover({ head, place, batch: undefined, alone: true }, acked.has(head.seq));
  spool.lostBytes = lostBytes;
  await spool.tidy();
  return spool;
}

class DiskSpool implements Spool {
  readonly #options: Required<SpoolOptions>;
  readonly #log: SegmentLog;
  readonly #state: SpoolState;
  readonly #groups: SpoolGroups;
  readonly #queues = { urgent: new SpoolQueue(), bulk: new SpoolQueue() };
  /** Every record the store does not have yet. */
  readonly #open = new Map<number, Entry>();
  /** Stored records of segments that still exist. */
  readonly #acked = new Map<number, Place>();
  readonly #listeners = new Set<(hurried: boolean) => void>();
  readonly #writer: SpoolWriter;
  #tidying: Promise<void> = Promise.resolve();
  #makingRoom: Promise<void> = Promise.resolve();
  readonly #memory = new SpoolMemory();
  #counts = { droppedRows: 0, setAsideRows: 0 };
  #lastError: string | null = null;
  #closed = false;
  lostBytes = 0;
  readonly #letters: string;

  constructor(options: Required<SpoolOptions>, { log, state, groups }: { log: SegmentLog; state: SpoolState; groups: SpoolGroups }) {
    this.#options = options;
    this.#log = log;
    this.#state = state;
    this.#groups = groups;
    this.#letters = join(options.dir, 'dead-letters.ndjson');
    this.#writer = createSpoolWriter({
      log,
      clock: options.clock,
      fits: (bytes, droppable) => this.#fits(bytes, droppable),
      nextSeq: () => state.nextSeq++,
      onWritten: (written) => this.#kept(written),
      onDropped: (rows) => this.#drop(rows),
      onError: (error) => this.#fail(error),
    });
  }

  recover(entry: Entry, acked: boolean): void {
    const { head, place } = entry;
    if (head.seq > this.#state.throughSeq && head.checkpoint) applyCheckpoint(this.#state, head.checkpoint);
    this.#state.throughSeq = Math.max(this.#state.throughSeq, head.seq);
    this.#state.nextSeq = Math.max(this.#state.nextSeq, head.seq + 1);
    if (acked || head.kind === 'mark') this.#acked.set(head.seq, place);
    else {
      this.#log.hold(place);
      this.#enqueue(entry);
    }
  }

  async append(batch: Batch, { checkpoint, whenFull = 'wait', hurried = false, signal }: AppendOptions = {}): Promise<'kept' | 'dropped'> {
    const droppable = whenFull === 'drop';
    const { head: about, body } = stored(batch);
    const head = { token: randomUUID(), ...about, ...(checkpoint && { checkpoint }) };
    if (droppable && this.#options.drop === 'oldest' && !this.#fits(body.length, droppable)) await this.#makeRoom(body.length);
    if (this.#closed || signal?.aborted) return 'dropped';
    if (droppable && !this.#fits(body.length, droppable)) return this.#drop(head.rows);
    return new Promise((resolve) => {
      const giveUp = (): void => {
        if (this.#writer.withdraw(pending)) resolve('dropped');
      };
      // A signal outlives the append; what it still holds could never be freed.
      const settle = (outcome: 'kept' | 'dropped'): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve(outcome);
      };
      const pending: Pending = { head, batch, body, droppable, hurried, settle };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#writer.add(pending);
    });
  }

  async take(urgent: boolean, mostRows = 10_000): Promise<Taken | undefined> {
    const queue = urgent ? this.#queues.urgent : this.#queues.bulk;
    for (let entries = await this.#nextOf(queue, mostRows); entries.length > 0; entries = await this.#nextOf(queue, mostRows)) {
      const seqs = entries.map(({ head }) => head.seq);
      const token = this.#groups.of(seqs[0] ?? 0) ?? entries[0]?.head.token ?? '';
      const batches = [];
      for (const entry of entries) batches.push(entry.batch ?? (await this.#readBackOrSetAside(entry)));
      const readable = batches.filter((batch) => batch !== undefined);
      if (readable.length > 0) return { seqs, token, batch: joinBatches(readable) };
      await this.acknowledge({ seqs, token, batch: { kind: 'mark' } });
    }
    return undefined;
  }

  readonly isAhead = (): boolean => this.#memory.isAhead(this.#options.clock.elapsed());
  readonly waitingRows = (): number => this.#queues.bulk.rows();

  async acknowledge({ seqs, batch }: Taken): Promise<void> {
    const entries = seqs.flatMap((seq) => this.#open.get(seq) ?? []);
    if (await this.#finish(entries)) void this.tidy();
    if (entries.length > 0) recycle(batch);
    this.#memory.taken(this.#options.clock.elapsed());
    this.#writer.wake();
  }

  /** Nothing more is to be done for these records; true when a segment can now be removed. */
  async #finish(entries: readonly Entry[]): Promise<boolean> {
    let removable = false;
    for (const entry of entries) {
      this.#open.delete(entry.head.seq);
      this.#memory.forget(entry);
      this.#acked.set(entry.head.seq, entry.place);
      removable = this.#log.release(entry.place) || removable;
    }
    const seqs = entries.map(({ head }) => head.seq);
    if (seqs.length > 0) await noteAcked(this.#options.dir, seqs).catch((error: unknown) => this.#fail(error));
    return removable;
  }

  limit(limits: SpoolLimits): void {
    Object.assign(this.#options, limits);
    this.#writer.wake();
  }

  giveBack({ seqs }: Taken): void {
    const entries = seqs.flatMap((seq) => this.#open.get(seq) ?? []);
    const [first] = entries;
    if (first) this.#queueOf(first).giveBack(entries);
  }

  async setAside(rows: readonly unknown[], about: { token: string; kind: string; reason: string }): Promise<void> {
    this.#counts.setAsideRows += rows.length;
    await setAside(this.#letters, { at: this.#options.clock.now(), ...about, rows }).catch((error: unknown) => this.#fail(error));
  }

  letters(limit: number): Promise<LetterNote[]> {
    return recentLetters(this.#letters, limit);
  }

  onKept(listener: (hurried: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  cursor(source: string): string | undefined {
    return this.#state.cursors[source];
  }

  positions(source: string): ReadonlyMap<string, FilePosition> {
    return new Map(Object.entries(this.#state.positions[source] ?? {}));
  }

  health(): SpoolHealth {
    const rows = [...this.#open.values()].reduce((sum, { head }) => sum + head.rows, 0);
    return {
      records: this.#open.size,
      rows,
      bytes: this.#log.bytes(),
      maxBytes: this.#options.maxBytes,
      full: this.#writer.isWaiting(),
      ...this.#counts,
      lostBytes: this.lostBytes,
      lastError: this.#lastError,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#writer.close();
    await this.tidy();
    await this.#log.close();
  }

  /** Saves the positions first: a segment may only go when nothing but the rows in it would go with it. */
  tidy(): Promise<void> {
    this.#tidying = this.#tidying
      .then(async () => {
        await writeState(this.#options.dir, this.#state);
        await this.#log.sweep();
        for (const [seq, { segment }] of this.#acked) if (segment.removed) this.#acked.delete(seq);
        await writeAcked(this.#options.dir, this.#acked.keys());
        await this.#groups.prune((seq) => this.#open.has(seq) || this.#acked.has(seq));
      })
      .catch((error: unknown) => this.#fail(error));
    return this.#tidying;
  }

  #fits(bytes: number, droppable: boolean): boolean {
    const room = this.#options.maxBytes * (droppable ? 1 : waitingShare);
    return this.#open.size === 0 || this.#log.bytes() + bytes <= room;
  }

  /** Gives up the oldest records that are not on their way to the store, one caller after the other. */
  #makeRoom(bytes: number): Promise<void> {
    this.#makingRoom = this.#makingRoom.then(async () => {
      while (!this.#closed && !this.#fits(bytes, true)) {
        const entries = oldestUnsent(this.#open.values(), { queues: Object.values(this.#queues), groupOf: this.#groups.of });
        const before = this.#log.bytes();
        if (entries.length === 0) return;
        const unwanted = new Set(entries);
        for (const queue of Object.values(this.#queues)) queue.remove(unwanted);
        for (const { head } of entries) this.#drop(head.rows);
        await this.#finish(entries);
        await this.tidy();
        // A disk that gives no room back is no reason to give up more.
        if (this.#log.bytes() >= before) return;
      }
    });
    return this.#makingRoom;
  }

  #drop(rows: number): 'dropped' {
    this.#counts.droppedRows += rows;
    return 'dropped';
  }

  #kept(written: readonly Written[]): void {
    for (const { head, place, batch } of written) {
      if (head.checkpoint) applyCheckpoint(this.#state, head.checkpoint);
      this.#state.throughSeq = head.seq;
      if (head.kind === 'mark') {
        this.#log.release(place);
        this.#acked.set(head.seq, place);
        continue;
      }
      this.#enqueue({ head, place, batch: this.#memory.keep(batch, head.rows), alone: false });
    }
    for (const listener of this.#listeners) listener(written.some(({ hurried }) => hurried));
  }

  #enqueue(entry: Entry): void {
    this.#open.set(entry.head.seq, entry);
    this.#queueOf(entry).push(entry);
  }

  /** What goes next; more than one record only once it is on disk that they go together. */
  async #nextOf(queue: SpoolQueue, mostRows: number): Promise<Entry[]> {
    const entries = queue.next((seq) => this.#groups.of(seq), mostRows);
    const [first, ...more] = entries;
    if (!first || more.length === 0 || this.#groups.of(first.head.seq) !== undefined) return entries;
    const seqs = entries.map(({ head }) => head.seq);
    try {
      await this.#groups.note(randomUUID(), seqs);
      return entries;
    } catch (error) {
      this.#fail(error);
      first.alone = true;
      queue.giveBack(more);
      return [first];
    }
  }

  #queueOf({ head }: Entry): SpoolQueue {
    return head.kind === 'checks' || head.kind === 'samples' ? this.#queues.urgent : this.#queues.bulk;
  }

  async #readBackOrSetAside({ head, place }: Entry): Promise<Batch | undefined> {
    try {
      const frame = await this.#log.read(place);
      if (!frame) throw new Error('the frame is broken');
      return readBatch(frame.head, frame.body);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      await this.setAside([], { token: head.token, kind: head.kind, reason: `${head.rows} rows could not be read back: ${reason}` });
      return undefined;
    }
  }

  #fail(error: unknown): void {
    this.#lastError = error instanceof Error ? error.message : String(error);
  }
}
