import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { virtualClock } from '#lib/clock.ts';
import { day, durationMs, unixMs } from '#lib/time.ts';
import { createArtifacts } from './artifacts.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fenghuo-artifacts-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const now = unixMs(Date.parse('2026-11-24T00:00:00Z'));
const bytes = new Uint8Array(100).fill(7);
const shelf = () => createArtifacts({ dir, clock: virtualClock(now), limits: { maxAgeMs: day, maxBytes: 250, maxArtifactBytes: 100 } });

async function keptAt(hoursAgo: number): Promise<string> {
  const id = (await shelf().keep({ ending: 'jpg', bytes })) ?? '';
  await utimes(join(dir, id), (now - hoursAgo * 3_600_000) / 1_000, (now - hoursAgo * 3_600_000) / 1_000);
  return id;
}

describe('artifacts', () => {
  it('gives back what was kept with the type of its ending', async () => {
    const id = await shelf().keep({ ending: 'json', bytes });
    expect(await shelf().read(id ?? '')).toEqual({ type: 'application/json', bytes: Buffer.from(bytes) });
  });

  it.each(['../secret-key.json', 'x', '0'.repeat(32), `${'0'.repeat(32)}.jpg`, `${'0'.repeat(32)}.html`])('has nothing under %s', async (id) => {
    expect(await shelf().read(id)).toBeUndefined();
  });

  it('throws away the oldest when there are too many bytes, and what is too old', async () => {
    const old = await keptAt(30);
    const older = await keptAt(3);
    const newer = await keptAt(2);
    await keptAt(1);
    expect(await shelf().read(old)).toBeUndefined();
    expect(await shelf().read(older)).toBeUndefined();
    expect(await shelf().read(newer)).toBeDefined();
    expect(await readdir(dir)).toHaveLength(2);
  });

  it('takes nothing over the limit of one artifact', async () => {
    expect(await shelf().keep({ ending: 'zip', bytes: new Uint8Array(101) })).toBeNull();
    expect(await readdir(dir)).toEqual([]);
  });

  it('wants one pass of a probe a day', async () => {
    const clock = virtualClock(now);
    const artifacts = createArtifacts({ dir, clock });
    expect([artifacts.wantsPass('a'), artifacts.wantsPass('a'), artifacts.wantsPass('b')]).toEqual([true, false, true]);
    await clock.advance(durationMs(day));
    expect(artifacts.wantsPass('a')).toBe(true);
  });
});
