import { describe, expect, it } from 'vitest';
import type { Batch } from '#collector/batch.ts';
import { calmPace, type Pace, watchedPace } from '#collector/pace.ts';
import type { Spool } from '#collector/spool.ts';
import { virtualClock } from '#lib/clock.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import { createGatherer } from './line-gatherer.ts';
import { createCounters } from './source-counters.ts';

const start = unixMs(1_800_000_000_000);
const position = { path: '/log/a.log', inode: '1:1', offset: 0, headLength: 0, head: '', tail: '', skipping: false };
const line = (status: number, seconds = 0.012) => `203.0.113.7 - - [15/Jan/2027:08:00:00 +0000] "GET /query HTTP/1.1" ${status} 12 "-" "-" rt=${seconds.toFixed(3)}`;

/** One line each second; answers after how many seconds what was handed on, and how many lines it was. */
async function gathered(lines: readonly string[], pace: Pace): Promise<{ at: number; lines: number }[]> {
  const clock = virtualClock(start);
  const written: { at: number; lines: number }[] = [];
  const append = (batch: Batch) => {
    written.push({ at: (clock.now() - start) / 1_000, lines: batch.kind === 'lines' ? batch.lines.length : 0 });
    return Promise.resolve('kept' as const);
  };
  const gatherer = createGatherer({
    origin: { source: 'access', service: 's', format: { kind: 'combined' } },
    spool: { append, isAhead: () => false } as unknown as Spool,
    clock,
    counters: createCounters({ id: 'access', kind: 'file', clock }),
    signal: new AbortController().signal,
    pace,
  });
  for (const text of lines) {
    await gatherer.add([text], { key: 'a', position, writtenAt: clock.now() });
    await gatherer.flush();
    await clock.advance(durationMs(1_000));
  }
  await gatherer.flush();
  return written;
}

describe('lines on their way to the store', () => {
  const well = Array.from({ length: 10 }, () => line(200));

  it('go on each second while somebody waits for them', async () => {
    expect((await gathered(well, () => watchedPace)).map(({ at }) => at)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('go on each calm beat while nobody does', async () => {
    expect(await gathered(well, () => calmPace)).toEqual([
      { at: 0, lines: 1 },
      { at: 5, lines: 5 },
      { at: 10, lines: 4 },
    ]);
  });

  it.each([
    ['an error', line(500)],
    ['a slow answer', line(200, 2)],
  ])('%s takes those before it along within a second', async (_name, trouble) => {
    expect(await gathered([...well.slice(0, 3), trouble, line(200)], () => calmPace)).toEqual([
      { at: 0, lines: 1 },
      { at: 3, lines: 3 },
      { at: 5, lines: 1 },
    ]);
  });
});
