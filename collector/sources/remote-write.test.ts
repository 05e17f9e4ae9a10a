import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, test } from 'vitest';
import type { Sample } from '#collector/sample.ts';
import { openSpool, type Spool } from '#collector/spool.ts';
import { virtualClock } from '#lib/clock.ts';
import { day, durationMs, unixMs } from '#lib/time.ts';
import { createRemoteWrite, type RemoteWriteIngest } from './remote-write.ts';
import { type SentSeries, sent, snapped, writeRequest } from './test-writes.ts';

const now = unixMs(1_795_000_000_000);
let dir: string;
let spool: Spool;
let clock: ReturnType<typeof virtualClock>;
let remote: RemoteWriteIngest;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fenghuo-write-'));
  clock = virtualClock(now);
  spool = await openSpool({ dir, maxBytes: 100_000_000, clock });
  remote = createRemoteWrite({ spool, clock });
});
afterEach(async () => {
  await spool.close();
  await rm(dir, { recursive: true });
});

async function kept(): Promise<readonly Sample[]> {
  const rows: Sample[] = [];
  for (let taken = await spool.take(true); taken; taken = await spool.take(true)) {
    if (taken.batch.kind === 'samples') rows.push(...taken.batch.rows);
    await spool.acknowledge(taken);
  }
  return rows;
}
const up = (more: Partial<SentSeries> = {}): SentSeries => ({
  labels: [
    ['__name__', 'up'],
    ['job', 'a'],
  ],
  samples: [{ at: now, value: 1 }],
  ...more,
});
const write = (...series: SentSeries[]) => remote.write(sent(writeRequest(series)));

it('every value arrives as it was sent, and the answer comes when it is on disk', async () => {
  const values = [1.5, Number.NaN, 0x7ff0000000000002n, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  const answer = await write(up({ samples: values.map((value, index) => ({ at: now - 5 + index, value })) }));
  expect(answer).toMatchObject({ status: 204, body: '' });
  const rows = await kept();
  expect(rows.map(({ value, stale = false }) => [value, stale])).toEqual([
    [1.5, false],
    [Number.NaN, false],
    [Number.NaN, true],
    [Number.POSITIVE_INFINITY, false],
    [Number.NEGATIVE_INFINITY, false],
    [0, false],
  ]);
  expect(rows[0]).toMatchObject({ metric: 'up', labels: { job: 'a' }, at: now - 5 });
  expect(remote.health()).toMatchObject({ lines: 6, events: 6, dropped: 0, lagMs: 0, lastError: null });
});

it('an empty request, and one of help texts alone, is success', async () => {
  expect((await write()).status).toBe(204);
  expect((await remote.write(sent(Buffer.from('1a04080110031a', 'hex').subarray(0, 6)))).status).toBe(204);
});

test.each<{ name: string; series: SentSeries; reason: RegExp }>([
  { name: 'no name', series: up({ labels: [['job', 'b']] }), reason: /no __name__ in {job="b"}/ },
  { name: 'a label twice', series: up({ labels: [...up().labels, ['job', 'c']] }), reason: /label job twice in up{/ },
  { name: 'a label without a name', series: up({ labels: [...up().labels, ['', 'c']] }), reason: /without a name in up/ },
  { name: 'too long ago', series: up({ samples: [{ at: now - 181 * day, value: 1 }] }), reason: /more than 180 days ago in up{job="a"}/ },
  { name: 'far ahead', series: up({ samples: [{ at: now + 3_600_000, value: 1 }] }), reason: /more than 10 minutes ahead in up/ },
  { name: 'a native histogram', series: up({ samples: [], histograms: 1 }), reason: /native histograms are not kept.*up{job="a"}/ },
  { name: 'too many labels', series: up({ labels: [...up().labels, ...Array.from({ length: 64 }, (_, index) => [`l${index}`, 'x'] as const)] }), reason: /more than 64 labels/ },
])('$name can never succeed: 400 says what, its neighbours are kept', async ({ series, reason }) => {
  const answer = await write(series, up());
  expect(answer).toMatchObject({ status: 400, body: expect.stringMatching(reason) });
  expect(answer).not.toHaveProperty('retryAfterSeconds');
  expect((await kept()).length).toBe(1);
  expect(remote.health()).toMatchObject({ events: 1, dropped: 1, lastError: expect.stringMatching(reason) });
});

test.each([
  { name: 'version 2', more: { contentType: 'application/x-protobuf;proto=io.prometheus.write.v2.Request', version: '2.0.0' } },
  { name: 'version 2 by its header', more: { version: '2.0.0' } },
  { name: 'JSON', more: { contentType: 'application/json' } },
  { name: 'gzip', more: { encoding: 'gzip' } },
  { name: 'nothing packed', more: { encoding: '' } },
])('$name is not understood: 415', async ({ more }) => {
  expect((await remote.write(sent(writeRequest([up()]), more))).status).toBe(415);
  expect(await kept()).toEqual([]);
});

test.each([
  { name: 'no snappy', body: Buffer.from([255]), status: 400 },
  { name: 'a length of four gigabytes', body: Buffer.from('ffffffff0f00', 'hex'), status: 413 },
  { name: 'no message', body: snapped(Buffer.from('0affffffff0f', 'hex')), status: 400 },
  { name: 'a text that is not UTF-8', body: snapped(Buffer.from('0a060a040a02c328', 'hex')), status: 400 },
  { name: 'a wrong wire type', body: snapped(Buffer.from('0801', 'hex')), status: 400 },
])('$name: $status', async ({ body, status }) => {
  expect((await remote.write(sent(Buffer.alloc(0), { body }))).status).toBe(status);
  expect(remote.health().malformed).toBe(1);
});

it('a small body that unfolds to very much is refused before it is unfolded', async () => {
  const long: SentSeries = {
    labels: [...up().labels, ...Array.from({ length: 60 }, (_, index) => [`l${index}`, 'x'.repeat(2_000)] as const)],
    samples: Array.from({ length: 3_000 }, (_, index) => ({ at: now - index, value: 1 })),
  };
  expect((await write(long)).status).toBe(413);
  const objects = Buffer.alloc(5_000_000);
  for (let at = 0; at < objects.length; at += 2) objects[at] = 10;
  expect(await remote.write(sent(objects))).toMatchObject({ status: 400, body: expect.stringContaining('more than 2000000 fields') });
});

it('exemplars are passed over and counted; a label without a value is no label; personal data is masked', async () => {
  expect((await write(up({ exemplars: 2, labels: [...up().labels, ['path', '/u/13812345678'], ['none', '']] }))).status).toBe(204);
  expect((await kept())[0]?.labels).toEqual({ job: 'a', path: '/u/138****5678' });
  expect(remote.health()).toMatchObject({ events: 1, dropped: 2, masked: 1 });
});

it('what comes again after it was kept is answered alike and kept once, even while the first is being written', async () => {
  const body = sent(writeRequest([up()]));
  const answers = await Promise.all([remote.write(body), remote.write(body)]);
  answers.push(await remote.write(body));
  expect(answers.map(({ status }) => status)).toEqual([204, 204, 204]);
  expect((await kept()).length).toBe(1);
  expect(remote.health()).toMatchObject({ events: 1, duplicates: 2 });
});

it('a spool without room, or one that closes, says when to come back; then the same body is kept', async () => {
  await spool.close();
  spool = await openSpool({ dir, maxBytes: 1_000, clock });
  remote = createRemoteWrite({ spool, clock });
  await spool.append({ kind: 'samples', rows: Array.from({ length: 20 }, () => ({ metric: 'filler', labels: {}, at: now, value: 1 })) });
  const body = sent(writeRequest([up()]));
  const waiting = remote.write(body);
  await clock.advance(durationMs(2_500));
  expect(await waiting).toMatchObject({ status: 503, retryAfterSeconds: 5 });
  expect(remote.health()).toMatchObject({ events: 0, dropped: 0, malformed: 0, lastError: expect.stringContaining('no room') });
  const [taken] = [await spool.take(true)];
  if (taken) await spool.acknowledge(taken);
  expect((await remote.write(body)).status).toBe(204);
  expect(remote.health()).toMatchObject({ events: 1, duplicates: 0, lastError: null });
  await spool.close();
  expect((await remote.write(sent(writeRequest([up({ samples: [{ at: now, value: 2 }] })])))).status).toBe(503);
});
