import { appendFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { virtualClock } from '#lib/clock.ts';
import { unixMs } from '#lib/time.ts';
import { type Batch, type FilePosition, LineBatch } from './batch.ts';
import type { Sample } from './sample.ts';
import { openSpool, type Spool } from './spool.ts';

let dir: string;
const opened: Spool[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fenghuo-spool-'));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((spool) => spool.close()));
  await rm(dir, { recursive: true });
});

/** Opening again without closing is what a kill leaves behind. */
async function open(maxBytes = 100_000_000): Promise<Spool> {
  const spool = await openSpool({ dir, maxBytes, clock: virtualClock(unixMs(1_800_000_000_000)) });
  opened.push(spool);
  return spool;
}

const samples = (...values: number[]): Batch => ({ kind: 'samples', rows: values.map((value): Sample => ({ metric: 'm', labels: {}, at: unixMs(value), value })) });
const origin = { source: 'access', service: 'invoice', format: { kind: 'combined' }, observedAt: unixMs(1_800_000_000_000), nearAt: unixMs(1_800_000_000_000) };
const lines = (...texts: string[]): Batch => {
  const batch = new LineBatch(origin);
  batch.add(texts);
  return batch;
};
const position = (offset: number): FilePosition => ({ path: '/log/a', inode: '1:1', offset, headLength: 0, head: '', tail: '', skipping: false });
const valuesOf = (batch: Batch): number[] => (batch.kind === 'samples' ? batch.rows.map(({ value }) => value) : []);

async function drain(spool: Spool, urgent = true): Promise<{ token: string; values: number[] }[]> {
  const all = [];
  for (let taken = await spool.take(urgent); taken; taken = await spool.take(urgent)) {
    all.push({ token: taken.token, values: valuesOf(taken.batch) });
    await spool.acknowledge(taken);
  }
  return all;
}
const flat = (drained: readonly { values: number[] }[]): number[] => drained.flatMap(({ values }) => values);
const segments = async (): Promise<string[]> => (await readdir(dir)).filter((name) => name.endsWith('.seg')).sort();

describe('the spool', () => {
  it('hands out what was appended, oldest first, each once', async () => {
    const spool = await open();
    expect(await Promise.all([spool.append(samples(1, 2)), spool.append(samples(3))])).toEqual(['kept', 'kept']);
    expect(flat(await drain(spool))).toEqual([1, 2, 3]);
    expect(await spool.take(true)).toBeUndefined();
    expect(spool.health()).toMatchObject({ records: 0, rows: 0, droppedRows: 0, lostBytes: 0, lastError: null });
  });

  it('39. after a kill gives the same rows under the same token, and what was stored not again', async () => {
    const before = await open();
    await before.append(samples(1));
    const first = await before.take(true);
    if (first) await before.acknowledge(first);
    for (const value of [2, 3]) await before.append(samples(value));
    const second = await before.take(true);
    await before.append(samples(4));
    const after = await open();
    await after.append(samples(5));
    const left = await drain(after);
    expect(left.map(({ values }) => values)).toEqual([[2, 3], [4], [5]]);
    expect(left[0]?.token).toBe(second?.token);
    expect(await drain(await open())).toEqual([]);
  });

  it('keeps rows and position together: a position is known exactly when its rows are', async () => {
    const spool = await open();
    await spool.append(lines('a', 'b'), { checkpoint: { source: 'access', files: { one: position(4), two: position(9) } } });
    await spool.append({ kind: 'mark' }, { checkpoint: { source: 'access', files: { two: null } } });
    expect([...(await open()).positions('access')]).toEqual([['one', position(4)]]);
    expect((await open()).positions('other').size).toBe(0);
  });

  it('keeps positions when the segments that carried them are gone', async () => {
    const spool = await open(600_000);
    for (let offset = 1; offset <= 40; offset++) {
      await spool.append(lines('x'.repeat(20_000)), { checkpoint: { source: 'access', files: { one: position(offset) } } });
      await drain(spool, false);
    }
    await spool.close();
    expect((await segments()).length).toBeLessThan(4);
    expect((await open(600_000)).positions('access').get('one')?.offset).toBe(40);
  });

  it('reads lines back as the records they are', async () => {
    const line = '192.0.2.7 - - [17/May/2026:10:05:03 +0000] "GET / HTTP/1.1" 200 5 "-" "演示"';
    await (await open()).append(lines(line, 'nonsense'));
    const taken = await (await open()).take(false);
    expect(taken?.batch).toMatchObject({
      kind: 'lines',
      rows: [
        { timestamp: Date.parse('2026-05-17T10:05:03Z'), service: 'invoice', source: 'access', body: line, attributes: { 'user_agent.original': '演示' } },
        { timestamp: 1_800_000_000_000, body: 'nonsense', attributes: { 'log.malformed': 'no time in brackets' } },
      ],
    });
  });

  it('41. cut in the middle keeps the readable part and counts the rest', async () => {
    const spool = await open();
    for (const value of [1, 2, 3]) await spool.append(samples(value));
    const [name = ''] = await segments();
    const { size } = await stat(join(dir, name));
    await truncate(join(dir, name), size - 5);
    const after = await open();
    expect(flat(await drain(after))).toEqual([1, 2]);
    expect(after.health().lostBytes).toBeGreaterThan(0);
    await after.append(samples(4));
    expect(flat(await drain(await open()))).toEqual([4]);
  });

  it('41. damaged in one place loses only what lies there', async () => {
    const spool = await open();
    for (const value of [1, 2, 3]) await spool.append(samples(value));
    const [name = ''] = await segments();
    const bytes = await readFile(join(dir, name));
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 0xff;
    await writeFile(join(dir, name), bytes);
    expect(flat(await drain(await open()))).toEqual([1, 3]);
  });

  it('41. filled with noise starts all the same', async () => {
    const noise = Buffer.alloc(300_000, 'FHS1 noise');
    await writeFile(join(dir, '000000000007.seg'), noise);
    const spool = await open();
    expect(spool.health()).toMatchObject({ records: 0, lostBytes: noise.length });
    await spool.append(samples(1));
    expect(await drain(spool)).toHaveLength(1);
    expect(await segments()).not.toContain('000000000007.seg');
  });

  it('44. when full makes those wait who can, counts what is dropped by those who cannot, and goes on once there is room', async () => {
    const spool = await open(1_000_000);
    const big = 'x'.repeat(100_000);
    const outcomes: string[] = [];
    const appends = Array.from({ length: 20 }, () => spool.append(lines(big)).then((outcome) => outcomes.push(outcome)));
    await expect.poll(() => outcomes.length).toBeGreaterThan(5);
    await expect.poll(() => spool.health().full).toBe(true);
    let dropped = 0;
    for (let value = 0; value < 20; value++)
      if (
        (await spool.append(
          { kind: 'samples', rows: Array.from({ length: 200 }, (_, at) => ({ metric: 'long metric name '.repeat(5), labels: {}, at: unixMs(at), value })) },
          { whenFull: 'drop' },
        )) === 'dropped'
      )
        dropped++;
    expect(dropped).toBeGreaterThan(0);
    expect(spool.health().droppedRows).toBe(dropped * 200);
    expect(spool.health().bytes).toBeLessThanOrEqual(1_100_000);
    expect(outcomes.length).toBeLessThan(20);
    for (let stored = 0; stored < 20; ) {
      const taken = await spool.take(false);
      if (!taken) {
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      await spool.acknowledge(taken);
      stored += taken.seqs.length;
      await drain(spool, true);
    }
    await Promise.all(appends);
    expect(outcomes).toEqual(Array.from({ length: 20 }, () => 'kept'));
  });

  it('writes what is appended just when it ends writing', async () => {
    const spool = await open();
    for (let steps = 0; steps < 12; steps++) {
      await spool.append(samples(steps));
      for (let step = 0; step < steps; step++) await Promise.resolve();
    }
    expect(flat(await drain(spool))).toHaveLength(12);
  });

  it('lets go of whoever stops waiting for room', async () => {
    const spool = await open(500_000);
    for (let batch = 0; batch < 12; batch++) void spool.append(lines('x'.repeat(60_000)));
    await expect.poll(() => spool.health().full).toBe(true);
    const stopping = new AbortController();
    const waiting = spool.append(lines('x'.repeat(60_000)), { signal: stopping.signal });
    stopping.abort();
    expect(await waiting).toBe('dropped');
    expect(spool.health().droppedRows).toBe(0);
  });

  it('writes rows aside with the reason', async () => {
    const spool = await open();
    await spool.setAside([{ value: 1 }], { token: 't', kind: 'samples', reason: 'no such column' });
    const [letter] = (await readFile(join(dir, 'dead-letters.ndjson'), 'utf8')).trim().split('\n');
    expect(JSON.parse(letter ?? '')).toEqual({ at: '2027-01-15T08:00:00.000Z', token: 't', kind: 'samples', reason: 'no such column', rows: [{ value: 1 }] });
    expect(spool.health().setAsideRows).toBe(1);
  });

  it('gives back what could not be stored before anything newer', async () => {
    const spool = await open();
    for (const value of [1, 2]) await spool.append(samples(value));
    const taken = await spool.take(true);
    if (taken) spool.giveBack(taken);
    expect(flat(await drain(spool))).toEqual([1, 2]);
  });

  it('forgets a group that was not written down whole: it was never sent', async () => {
    const spool = await open();
    for (const value of [1, 2]) await spool.append(samples(value));
    await spool.take(true);
    const path = join(dir, 'groups');
    await truncate(path, (await stat(path)).size - 1);
    expect((await drain(await open())).map(({ values }) => values)).toEqual([[1], [2]]);
  });

  it('never joins what may have been sent by itself', async () => {
    const spool = await open();
    await spool.append(samples(1));
    const first = await spool.take(true);
    if (first) spool.giveBack(first);
    for (const value of [2, 3]) await spool.append(samples(value));
    expect((await drain(spool)).map(({ token, values }) => [token === first?.token, values])).toEqual([
      [true, [1]],
      [false, [2, 3]],
    ]);
  });

  it('is not misled by a torn list of what was stored', async () => {
    const spool = await open();
    for (const value of [1, 2]) await spool.append(samples(value));
    await appendFile(join(dir, 'acked'), 'nonsense\n99');
    expect(flat(await drain(await open()))).toEqual([1, 2]);
  });
});
