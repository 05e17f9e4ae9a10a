import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { loadSecretKey } from './secret-key.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fenghuo-key-'));
  return () => rm(dir, { recursive: true });
});

it('is made once, readable only by us, and the same for all who ask at once and later', async () => {
  const data = join(dir, 'not', 'there', 'yet');
  const keys = await Promise.all([1, 2, 3].map(() => loadSecretKey(data, {})));
  keys.push(await loadSecretKey(data, {}));
  expect(new Set(keys.map((key) => key.reveal())).size).toBe(1);
  expect(keys[0]?.reveal()).toMatch(/^[\w-]{64}$/);
  expect((await stat(join(data, 'secret.key'))).mode & 0o777).toBe(0o600);
});

it('is taken from the environment when given, and refused when too short', async () => {
  const given = 'x'.repeat(32);
  expect((await loadSecretKey(dir, { FENGHUO_SECRET_KEY: given })).reveal()).toBe(given);
  await expect(loadSecretKey(dir, { FENGHUO_SECRET_KEY: 'short' })).rejects.toThrow('FENGHUO_SECRET_KEY: at least 32 characters');
});
