import { expect, it } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { readBatch, stored } from './batch.ts';
import type { Sample } from './sample.ts';

const sample = (value: number, more: Partial<Sample> = {}): Sample => ({ metric: 'up', labels: { job: 'a' }, at: unixMs(1), value, ...more });

it('every value comes out of the spool as it went in, the end of a series too', () => {
  const rows = [sample(Number.NaN), sample(Number.NaN, { stale: true }), sample(Number.POSITIVE_INFINITY), sample(Number.NEGATIVE_INFINITY), sample(-0), sample(0.1), sample(5e-324)];
  const back = readBatch({ seq: 1, token: 't', kind: 'samples', rows: rows.length }, stored({ kind: 'samples', rows }).body);
  expect(back).toStrictEqual({ kind: 'samples', rows });
});

it('a value an older spool could not carry is no number, never zero', () => {
  const back = readBatch({ seq: 1, token: 't', kind: 'samples', rows: 1 }, Buffer.from('[{"metric":"up","labels":{},"at":1,"value":null}]'));
  expect(back).toMatchObject({ rows: [{ value: Number.NaN }] });
});
