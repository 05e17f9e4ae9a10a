import type { Entry, SpoolQueue } from './spool-queue.ts';

/**
 * The records of the oldest segment none of whose records may have reached the store: only a whole segment gives room back.
 * The newest segment is still being written and gives none.
 */
export function oldestUnsent(open: Iterable<Entry>, { queues, groupOf }: { queues: readonly SpoolQueue[]; groupOf(seq: number): string | undefined }): Entry[] {
  const waiting = new Set(queues.flatMap((queue) => queue.waiting()));
  const segments = [...Map.groupBy(open, ({ place }) => place.segment).values()];
  return segments.slice(0, -1).find((entries) => entries.every((entry) => waiting.has(entry) && groupOf(entry.head.seq) === undefined)) ?? [];
}
