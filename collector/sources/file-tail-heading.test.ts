import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodingOf } from '#collector/encoding.ts';
import type { LogRecord } from '#collector/log.ts';
import { openSpool } from '#collector/spool.ts';
import { virtualClock } from '#lib/clock.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import { FileTail } from './file-tail.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fenghuo-heading-'));
});
afterEach(() => rm(dir, { recursive: true }));

const utf8 = encodingOf('utf-8');

/** Reads what there is with a collector of its own, as after a restart. */
async function readOnce(): Promise<{ rows: LogRecord[]; lines: number; malformed: number }> {
  const clock = virtualClock(unixMs(Date.parse('2026-05-17T12:00:00Z')));
  const spool = await openSpool({ dir: join(dir, 'spool'), maxBytes: 10_000_000, clock });
  if (!utf8) throw new Error('no such encoding');
  const config = { id: 'iis', service: 'invoice', paths: [join(dir, '*.log')], format: { kind: 'w3c' }, encoding: utf8, startAt: 'beginning', idleMs: durationMs(5_000) } as const;
  const tail = new FileTail(config, { spool, clock, onError: (error) => expect.fail(String(error)) });
  const running = tail.running({ nudge: () => {}, stop: () => Promise.resolve() } as never);
  const rows: LogRecord[] = [];
  for (let round = 0; round < 12; round++) {
    await clock.advance(durationMs(250));
    await tail.round(clock.now());
  }
  await running.stop();
  for (let taken = await spool.take(false); taken; taken = await spool.take(false)) {
    if (taken.batch.kind === 'lines' || taken.batch.kind === 'logs') rows.push(...taken.batch.rows);
    await spool.acknowledge(taken);
  }
  const { lines, malformed } = running.health();
  await spool.close();
  return { rows, lines, malformed };
}

it('reads rows by the columns their file last named, also after a restart and in the same source as another file', async () => {
  const put = (name: string, text: string) => appendFile(join(dir, name), text);
  await put('a.log', '#Fields: date time c-ip sc-status\n2026-05-17 10:00:00 192.0.2.1 200\n');
  await put('b.log', '#Fields: date time sc-status c-ip\n2026-05-17 10:00:01 404 192.0.2.2\n');
  const first = await readOnce();
  await put('a.log', '2026-05-17 10:00:02 192.0.2.3 500\n#Fields: date time c-ip\n2026-05-17 10:00:03 192.0.2.4\n');
  await put('b.log', '2026-05-17 10:00:04 302 192.0.2.5\n');
  const second = await readOnce();
  const read = ({ rows }: { rows: LogRecord[] }) => rows.map(({ attributes }) => `${attributes['client.address']} ${attributes['http.response.status_code'] ?? '–'}`).sort();
  expect(read(first)).toEqual(['192.0.2.1 200', '192.0.2.2 404']);
  expect(read(second)).toEqual(['192.0.2.3 500', '192.0.2.4 –', '192.0.2.5 302']);
  expect([first, second].map(({ lines, malformed }) => ({ lines, malformed }))).toEqual([
    { lines: 4, malformed: 0 },
    { lines: 4, malformed: 0 },
  ]);
});
