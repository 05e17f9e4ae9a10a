import { describe, expect, it } from 'vitest';
import { virtualClock } from '#lib/clock.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import type { Batch } from './batch.ts';
import type { CheckResult } from './check.ts';
import { createRecorder } from './recorder.ts';
import type { Spool } from './spool.ts';

const check = (kind: 'pass' | 'unknown', probeId = 'p'): CheckResult => ({
  probeId,
  service: 's',
  vantage: 'v',
  at: unixMs(1),
  durationMs: durationMs(1),
  outcome: kind === 'pass' ? { kind } : { kind, reason: '' },
  phases: {},
  evidence: {},
  attempt: 0,
});

function harness() {
  const clock = virtualClock(unixMs(1_800_000_000_000));
  const written: { at: number; rows: number }[] = [];
  const append = (batch: Batch) => {
    written.push({ at: clock.now() - 1_800_000_000_000, rows: batch.kind === 'checks' ? batch.rows.length : 0 });
    return Promise.resolve('kept' as const);
  };
  return { clock, written, recorder: createRecorder({ spool: { append } as unknown as Spool, clock }) };
}

describe('the recorder', () => {
  it('writes the first result at once and gathers the passes of the next second', async () => {
    const { clock, written, recorder } = harness();
    await recorder.checks([check('pass')]);
    const later = [recorder.checks([check('pass')]), recorder.checks([check('pass')])];
    await clock.advance(durationMs(999));
    expect(written).toEqual([{ at: 0, rows: 1 }]);
    await clock.advance(durationMs(1));
    await Promise.all(later);
    expect(written).toEqual([
      { at: 0, rows: 1 },
      { at: 1_000, rows: 2 },
    ]);
  });

  it('does not let a result that is no pass wait', async () => {
    const { clock, written, recorder } = harness();
    await recorder.checks([check('pass')]);
    await clock.advance(durationMs(200));
    const waiting = recorder.checks([check('pass')]);
    await recorder.checks([check('unknown')]);
    await waiting;
    expect(written).toEqual([
      { at: 0, rows: 1 },
      { at: 200, rows: 2 },
    ]);
  });

  it('writes what is waiting when asked to, before a stop', async () => {
    const { written, recorder } = harness();
    await recorder.checks([check('pass')]);
    const waiting = recorder.checks([check('pass')]);
    await recorder.flush();
    await waiting;
    expect(written).toEqual([
      { at: 0, rows: 1 },
      { at: 0, rows: 1 },
    ]);
  });

  it('does not let a later pass put off a failure that is waiting', async () => {
    const { clock, written, recorder } = harness();
    await recorder.checks([check('unknown')]);
    const waiting = [recorder.checks([check('unknown')]), recorder.checks([check('pass')])];
    await clock.advance(durationMs(25));
    await Promise.all(waiting);
    expect(written).toEqual([
      { at: 0, rows: 1 },
      { at: 25, rows: 2 },
    ]);
  });

  it('bounds how often many failures write', async () => {
    const { clock, written, recorder } = harness();
    const all: Promise<void>[] = [];
    for (let at = 0; at < 100; at++) {
      all.push(recorder.checks([check('unknown')]));
      await clock.advance(durationMs(1));
    }
    await clock.advance(durationMs(25));
    await Promise.all(all);
    expect(written.reduce((sum, { rows }) => sum + rows, 0)).toBe(100);
    expect(written.length).toBeLessThanOrEqual(6);
  });
});
