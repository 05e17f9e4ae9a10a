import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { virtualClock } from '#lib/clock.ts';
import { Secret } from '#lib/secret.ts';
import { durationMs, minute, unixMs } from '#lib/time.ts';
import type { Beat } from './beat.ts';
import { type Expecting, openBeats } from './beats.ts';

const expecting = (id: string, token: string): Expecting => ({ id, beat: { token: new Secret(token), everyMs: minute, graceMs: durationMs(0) } });
const beat = (at: number, more: Partial<Beat> = {}): Beat => ({ at: unixMs(at), status: 'up', message: '', tookMs: null, ...more });

async function harness(probes: Expecting[] = [expecting('backup', 'token-of-the-backup'), expecting('report', 'token-of-the-report')]) {
  const path = join(await mkdtemp(join(tmpdir(), 'fenghuo-beats-')), 'beats.json');
  const errors: unknown[] = [];
  const clock = virtualClock(unixMs(1_000_000));
  return { path, errors, clock, open: (more = probes) => openBeats({ path, probes: more, clock, onError: (error) => errors.push(error) }) };
}

it('counts a beat for the probe whose token it carries, and for nobody else', async () => {
  const { open } = await harness();
  const beats = await open();
  expect(await beats.take('token-of-the-backup', beat(1_000_500, { message: 'done', tookMs: durationMs(12) }))).toEqual(['backup']);
  expect(await beats.take('token-of-the-backu', beat(1_000_600))).toEqual([]);
  expect(await beats.take('', beat(1_000_600))).toEqual([]);
  expect(beats.seen('backup')).toMatchObject({ last: { at: 1_000_500, message: 'done', tookMs: 12 }, since: 1_000_000 });
  expect(beats.seen('report')).toMatchObject({ last: null });
  expect(beats.seen('nobody')).toBeUndefined();
});

it('keeps beats over a restart, and knows that it listens only since then', async () => {
  const { open, clock } = await harness();
  await (await open()).take('token-of-the-backup', beat(1_000_500, { status: 'down', message: 'disk full' }));
  await clock.advance(minute);
  expect((await open()).seen('backup')).toMatchObject({ last: { at: 1_000_500, status: 'down', message: 'disk full', tookMs: null }, since: 1_060_000 });
});

it('a beat that is answered is on disk, however many come at once', async () => {
  const { open, path } = await harness();
  const beats = await open();
  await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      await beats.take('token-of-the-report', beat(index));
      const kept = JSON.parse(await readFile(path, 'utf8')) as Record<string, Beat>;
      expect(kept.report?.at).toBeGreaterThanOrEqual(index);
    }),
  );
});

it('tells of a beat that changes what is known, and of no other', async () => {
  const { path } = await harness();
  const turns: string[] = [];
  const beats = await openBeats({ path, probes: [expecting('backup', 'token-of-the-backup')], clock: virtualClock(), onTurn: (id) => turns.push(id), onError: () => {} });
  const heard: number[] = [];
  for (const one of [beat(0), beat(1_000), beat(2_000, { status: 'down' }), beat(3_000, { status: 'down' }), beat(4_000), beat(65_000), beat(66_000)]) {
    await beats.take('token-of-the-backup', one);
    heard.push(turns.splice(0).length);
  }
  expect(heard).toEqual([1, 0, 1, 0, 1, 1, 0]);
});

it('a reload keeps what is still expected and begins anew what has another token', async () => {
  const { open, clock } = await harness();
  const beats = await open();
  await beats.take('token-of-the-backup', beat(1_000_500));
  await beats.take('token-of-the-report', beat(1_000_500));
  await clock.advance(minute);
  beats.replace([expecting('backup', 'token-of-the-backup'), expecting('report', 'another-token-now')]);
  expect(beats.seen('backup')).toMatchObject({ last: { at: 1_000_500 }, since: 1_000_000 });
  expect(beats.seen('report')).toMatchObject({ last: null, since: 1_060_000 });
  expect(await beats.take('token-of-the-report', beat(1_000_500))).toEqual([]);
});

it.each(['half a wri', '[]', '{"backup":{"at":"noon"}}'])('a file that holds %s is said and begun anew', async (content) => {
  const { open, path, errors } = await harness();
  await writeFile(path, content);
  const beats = await open();
  expect(beats.seen('backup')).toMatchObject({ last: null });
  expect(errors).toHaveLength(1);
  expect(await beats.take('token-of-the-backup', beat(1_000_500))).toEqual(['backup']);
});

it('a beat that cannot be kept is not answered as kept, but known as long as we live', async () => {
  const { open, path } = await harness();
  const beats = await openBeats({ path: `${path}/in/no/folder`, probes: [expecting('backup', 'token-of-the-backup')], clock: virtualClock(), onError: () => {} });
  await expect(beats.take('token-of-the-backup', beat(5))).rejects.toThrow('ENOENT');
  expect(beats.seen('backup')).toMatchObject({ last: { at: 5 } });
  await beats.stop();
  await (await open()).stop();
});
