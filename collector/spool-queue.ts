import type { Batch, BatchHead } from './batch.ts';
import type { Place } from './segment-log.ts';

/** A record the store does not have yet. */
export interface Entry {
  head: BatchHead;
  place: Place;
  /** Kept while there is room, so the usual path never reads back what it wrote. */
  batch: Batch | undefined;
  /** May have been sent by itself, under its own token: it never goes along with others. */
  alone: boolean;
}

/** As many records as make one batch, and as many as are looked at for it. */
const together = { records: 500, lookedAt: 2_000 };

/** Records in the order they came, handed out a batch at a time. */
export class SpoolQueue {
  #entries: Entry[] = [];

  push(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** Of all records in it. */
  rows(): number {
    return this.#entries.reduce((sum, { head }) => sum + head.rows, 0);
  }

  giveBack(entries: readonly Entry[]): void {
    this.#entries.unshift(...entries);
  }

  /** Those nobody has taken. */
  waiting(): readonly Entry[] {
    return this.#entries;
  }

  remove(entries: ReadonlySet<Entry>): void {
    this.#entries = this.#entries.filter((entry) => !entries.has(entry));
  }

  /** The oldest record with those that can go with it: its own group when it has one, else others of its kind that have none. */
  next(groupOf: (seq: number) => string | undefined, mostRows: number): Entry[] {
    const first = this.#entries[0];
    if (!first) return [];
    const group = groupOf(first.head.seq);
    if (group === undefined && first.alone) return this.#entries.splice(0, 1);
    const taken = group === undefined ? this.#fitting(first, { groupOf, mostRows }) : new Set(this.#entries.filter(({ head }) => groupOf(head.seq) === group));
    const entries = [...taken];
    if (entries.length === 1) first.alone = true;
    if (entries.every((entry, index) => entry === this.#entries[index])) this.#entries.splice(0, entries.length);
    else this.#entries = this.#entries.filter((entry) => !taken.has(entry));
    return entries;
  }

  #fitting(first: Entry, { groupOf, mostRows }: { groupOf: (seq: number) => string | undefined; mostRows: number }): Set<Entry> {
    const taken = new Set([first]);
    let rows = first.head.rows;
    for (const entry of this.#entries.slice(1, together.lookedAt)) {
      if (taken.size >= together.records || rows >= mostRows) break;
      if (entry.alone || family(entry) !== family(first) || groupOf(entry.head.seq) !== undefined || rows + entry.head.rows > mostRows) continue;
      rows += entry.head.rows;
      taken.add(entry);
    }
    return taken;
  }
}

/** Lines become log records. */
const family = ({ head }: Entry): BatchHead['kind'] => (head.kind === 'lines' ? 'logs' : head.kind);
