import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { openSpool, type Spool } from '#collector/spool.ts';
import { systemClock } from '#lib/clock.ts';
import type { IngestRequest } from './ingest.ts';
import { createLoki, type LokiIngest } from './loki.ts';
import { readLabels } from './loki-labels.ts';
import { writeField } from './protobuf.ts';

let dir: string;
let spool: Spool;
let loki: LokiIngest;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fenghuo-loki-'));
  spool = await openSpool({ dir, maxBytes: 100_000_000, clock: systemClock });
  loki = createLoki({ spool, clock: systemClock });
});
afterEach(async () => {
  await spool.close();
  await rm(dir, { recursive: true });
});

const kept = async () => {
  const batch = (await spool.take(false))?.batch;
  return batch && batch.kind === 'logs' ? batch.rows : [];
};
const at = Date.now();
const nanos = `${at}999999`;
const json = (body: string | object, encoding = ''): IngestRequest => {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return { contentType: 'application/json; charset=utf-8', encoding, body: encoding === 'gzip' ? gzipSync(bytes) : bytes };
};
const streams = (values: unknown, stream: object = { app: 'shop' }) => ({ streams: [{ stream, values }] });

/** Snappy without repetition: its length, and pieces as they are. */
function snapped(bytes: Buffer): Buffer {
  const pieces = [writeField(0, bytes.length).subarray(1)];
  for (let from = 0; from < bytes.length; from += 60) {
    const piece = bytes.subarray(from, from + 60);
    pieces.push(Buffer.from([(piece.length - 1) << 2]), piece);
  }
  return Buffer.concat(pieces);
}
const protobuf = (bytes: Buffer, encoding = 'snappy'): IngestRequest => ({ contentType: 'application/x-protobuf', encoding, body: encoding === 'gzip' ? gzipSync(bytes) : bytes });
const stream = (labels: string, line: string) => {
  const time = Buffer.concat([writeField(1, Math.floor(at / 1000)), writeField(2, (at % 1000) * 1e6 + 999_999)]);
  const metadata = Buffer.concat([writeField(1, 'trace_id'), writeField(2, 'abc')]);
  return writeField(1, Buffer.concat([writeField(1, labels), writeField(2, Buffer.concat([writeField(1, time), writeField(2, line), writeField(3, metadata)]))]));
};

describe('a push', () => {
  const row = {
    ...{ timestamp: at, severityNumber: 17, severityText: 'ERROR', service: 'shop', source: 'loki', body: '查询 138****5678 失败' },
    attributes: { app: 'shop', level: 'error', trace_id: 'abc' },
  };
  const labels = '{app="shop", level="error"}';
  const line = '查询 13812345678 失败';
  test.each([
    { name: 'JSON', asked: json(streams([[nanos, line, { trace_id: 'abc' }]], { app: 'shop', level: 'error' })) },
    { name: 'JSON, gzip', asked: json(streams([[nanos, line, { trace_id: 'abc' }]], { app: 'shop', level: 'error' }), 'gzip') },
    { name: 'protobuf', asked: protobuf(snapped(stream(labels, line))) },
    { name: 'protobuf, its packing not named', asked: protobuf(snapped(stream(labels, line)), '') },
    { name: 'protobuf, gzip around it', asked: protobuf(snapped(stream(labels, line)), 'gzip') },
  ])('is kept and answered with 204: $name', async ({ asked }) => {
    expect(await loki.push(asked)).toEqual({ status: 204, contentType: '', body: '' });
    expect(await kept()).toEqual([{ ...row, observedTimestamp: expect.any(Number) as number }]);
    expect(loki.health()).toMatchObject({ lines: 1, events: 1, masked: 1, dropped: 0, lastError: null });
  });

  it('finds the service where Loki does, and the level in structured metadata', async () => {
    const pushed = {
      streams: [
        { stream: { job: 'j', service_name: 's', app: 'a' }, values: [[nanos, 'x', { detected_level: 'warn' }]] },
        { stream: { zone: 'z' }, values: [[nanos, '']] },
      ],
    };
    expect((await loki.push(json(pushed))).status).toBe(204);
    expect(await kept()).toMatchObject([{ service: 's', severityNumber: 13, attributes: { job: 'j', app: 'a', detected_level: 'warn' } }]);
    expect(loki.health()).toMatchObject({ lines: 2, events: 1, blank: 1 });
  });

  it('that comes again after it was kept is kept once', async () => {
    for (let times = 0; times < 3; times++) expect((await loki.push(json(streams([[nanos, 'x']])))).status).toBe(204);
    expect(await kept()).toHaveLength(1);
    expect(loki.health()).toMatchObject({ lines: 1, events: 1, duplicates: 2 });
  });

  it('with nothing in it is a success', async () => {
    expect((await loki.push(json({ streams: [] }))).status).toBe(204);
    expect((await loki.push(protobuf(Buffer.from([0])))).status).toBe(204);
  });

  const ahead = `${at + 11 * 60_000}000000`;
  const longAgo = `${at - 181 * 86_400_000}000000`;
  test.each([
    { name: 'too old', pushed: streams([[longAgo, 'bad']]), reason: '180 days ago' },
    { name: 'too far ahead', pushed: streams([[ahead, 'bad']]), reason: '10 minutes ahead' },
    { name: 'no label', pushed: streams([[nanos, 'bad']], {}), reason: 'without a label' },
    { name: 'too many labels', pushed: streams([[nanos, 'bad']], Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`l${index}`, 'x']))), reason: '64 labels' },
    { name: 'a label too long', pushed: streams([[nanos, 'bad']], { app: 'x'.repeat(2_049) }), reason: 'label app' },
    { name: 'too much metadata', pushed: streams([[nanos, 'bad', Object.fromEntries(Array.from({ length: 129 }, (_, index) => [`m${index}`, 'x']))]]), reason: '128 pairs' },
  ])('tells what can never be kept with 400, counts it, and keeps the rest: $name', async ({ pushed, reason }) => {
    const answer = await loki.push(json({ streams: [...pushed.streams, ...streams([[nanos, 'good']]).streams] }));
    expect(answer).toMatchObject({ status: 400, body: expect.stringContaining(reason) as string });
    expect((await kept()).map(({ body }) => body)).toEqual(['good']);
    expect(loki.health()).toMatchObject({ lines: 2, events: 1, dropped: 1, lastError: expect.stringContaining('1 of 2') as string });
  });

  it('with a label twice is told with 400', async () => {
    expect(await loki.push(protobuf(snapped(stream('{app="a", app="b"}', 'bad'))))).toMatchObject({ status: 400, body: expect.stringContaining('app is there twice') as string });
    expect(await kept()).toEqual([]);
  });

  test.each([
    { name: 'no JSON', status: 400, asked: json('{"streams":[') },
    { name: 'a number for a time', status: 400, asked: json(streams([[at * 1e6, 'x']])) },
    { name: 'a time that is no number', status: 400, asked: json(streams([['now', 'x']])) },
    { name: 'no line', status: 400, asked: json(streams([[nanos]])) },
    { name: 'metadata that is not flat', status: 400, asked: json(streams([[nanos, 'x', { a: { b: 'c' } }]])) },
    { name: 'a number for metadata', status: 400, asked: json(streams([[nanos, 'x', { a: 1 }]])) },
    { name: 'a number for a label', status: 400, asked: json(streams([[nanos, 'x']], { a: 1 })) },
    { name: 'no snappy', status: 400, asked: protobuf(stream('{app="a"}', 'x')) },
    { name: 'no message', status: 400, asked: protobuf(snapped(Buffer.from([10, 200]))) },
    { name: 'labels nobody can read', status: 400, asked: protobuf(snapped(stream('{app=shop}', 'x'))) },
    { name: 'text', status: 415, asked: { contentType: 'text/plain', encoding: '', body: Buffer.from('x') } },
    { name: 'another encoding', status: 415, asked: { ...json('{}'), encoding: 'br' } },
    { name: 'a bomb of gzip', status: 413, asked: { ...json('{}'), encoding: 'gzip', body: gzipSync(Buffer.alloc(65 * 1024 * 1024)) } },
    { name: 'a bomb of snappy', status: 413, asked: protobuf(Buffer.from('ffffffff0f0061', 'hex')) },
    { name: 'too many lines', status: 413, asked: json(streams(Array.from({ length: 50_001 }, () => [nanos, 'x']))) },
  ])('is refused with $status, and nothing of it is kept: $name', async ({ status, asked }) => {
    const answer = await loki.push(asked);
    expect(answer).toMatchObject({ status, contentType: 'text/plain; charset=utf-8' });
    expect(await kept()).toEqual([]);
    expect(loki.health()).toMatchObject({ lines: 0, malformed: 1, lastError: expect.any(String) as string });
  });

  it('may come again later where the disk has no room', async () => {
    await spool.close();
    expect((await loki.push(json(streams([[nanos, 'x']])))).retryAfterSeconds).toBe(5);
    expect(loki.health()).toMatchObject({ lines: 0, malformed: 0, dropped: 0 });
  });
});

test.each([
  { text: '{}', pairs: [] },
  {
    text: ' { a = "b" , c.d=`e\\n`,} ',
    pairs: [
      ['a', 'b'],
      ['c.d', 'e\\n'],
    ],
  },
  {
    text: String.raw`{a="q\"\\\n\u70fd\x41", a='x'}`,
    pairs: [
      ['a', 'q"\\\n烽A'],
      ['a', 'x'],
    ],
  },
])('labels are read: $text', ({ text, pairs }) => {
  expect(readLabels(text)).toEqual(pairs);
});

test.each(['', 'a="b"', '{a}', '{a=}', '{a=b}', '{a="b}', '{a="b" c="d"}', '{,}', '{a="b"} x', '{1a="b"}'])('labels nobody can read are refused: %s', (text) => {
  expect(() => readLabels(text)).toThrow(expect.objectContaining({ status: 400 }) as Error);
});
