import type { Clock } from '#lib/clock.ts';
import { second } from '#lib/time.ts';
import type { Batch, BatchHead } from './batch.ts';
import { encodeFrame } from './segment.ts';
import type { Place, SegmentLog } from './segment-log.ts';

/** Writes what many callers append in groups, one sync each: a caller waits for one sync, however many there are. */
export interface SpoolWriter {
  add(pending: Pending): void;
  /** Takes it back when it is not being written yet. */
  withdraw(pending: Pending): boolean;
  /** There may be room again. */
  wake(): void;
  /** Something waits for room or for the disk. */
  isWaiting(): boolean;
  /** Waits for the write under way and answers `dropped` to the rest. */
  close(): Promise<void>;
}

export interface Pending {
  /** Without its number, which it gets when written: numbers follow the order on disk. */
  head: Omit<BatchHead, 'seq'>;
  batch: Batch;
  body: Buffer;
  /** Cannot wait for room or for a disk that refuses. */
  droppable: boolean;
  /** Not to wait for others to go along. */
  hurried: boolean;
  settle(outcome: 'kept' | 'dropped'): void;
}

export interface Written {
  head: BatchHead;
  place: Place;
  batch: Batch;
  hurried: boolean;
}

export interface WriterOptions {
  log: SegmentLog;
  clock: Clock;
  fits(bytes: number, droppable: boolean): boolean;
  nextSeq(): number;
  onWritten(written: readonly Written[]): void;
  onDropped(rows: number): void;
  onError(error: unknown): void;
}

/** Bytes written and synced together. */
const groupBytes = 8_000_000;

export function createSpoolWriter({ log, clock, fits, nextSeq, onWritten, onDropped, onError }: WriterOptions): SpoolWriter {
  let queue: Pending[] = [];
  let writing: Promise<void> | undefined;
  let busy = false;

  /** As many as fit and as one sync should carry; what must wait for room does not hold up what may use the last of it. */
  const nextGroup = (): Pending[] => {
    const group = new Set<Pending>();
    let bytes = 0;
    for (const pending of queue) {
      if (bytes > groupBytes || !fits(bytes + pending.body.length, pending.droppable)) continue;
      group.add(pending);
      bytes += pending.body.length;
    }
    if (group.size > 0) queue = queue.filter((pending) => !group.has(pending));
    return [...group];
  };

  const writeGroup = async (group: readonly Pending[]): Promise<void> => {
    const heads = group.map(({ head }): BatchHead => ({ seq: nextSeq(), ...head }));
    const places = await log.write(group.map(({ body }, index) => encodeFrame(heads[index] as BatchHead, body)));
    onWritten(group.map(({ batch, hurried }, index) => ({ head: heads[index] as BatchHead, place: places[index] as Place, batch, hurried })));
    for (const { settle } of group) settle('kept');
  };

  /** A refusing disk is tried again each second: what can wait does, the rest is counted as dropped. */
  const putBack = (group: readonly Pending[]): void => {
    for (const { head, settle } of group.filter(({ droppable }) => droppable)) {
      onDropped(head.rows);
      settle('dropped');
    }
    queue.unshift(...group.filter(({ droppable }) => !droppable));
    clock.after(second, wake);
  };

  const writeAll = async (): Promise<void> => {
    for (let group = nextGroup(); group.length > 0; group = nextGroup()) {
      try {
        await writeGroup(group);
      } catch (error) {
        onError(error);
        putBack(group);
        break;
      }
    }
    // In the same step as the last look at the queue: what is added from here on wakes it again.
    busy = false;
  };

  function wake(): void {
    if (busy || queue.length === 0) return;
    busy = true;
    writing = writeAll();
  }

  return {
    add(pending) {
      queue.push(pending);
      wake();
    },
    withdraw(pending) {
      const before = queue.length;
      queue = queue.filter((other) => other !== pending);
      return queue.length < before;
    },
    wake,
    isWaiting: () => queue.length > 0 && !busy,
    async close() {
      await writing;
      for (const { settle } of queue.splice(0)) settle('dropped');
    },
  };
}
