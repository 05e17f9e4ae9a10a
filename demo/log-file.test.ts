import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { systemClock } from '#lib/clock.ts';
import { openLogFile } from './log-file.ts';

const dirs: string[] = [];
afterAll(() => Promise.all(dirs.map((dir) => rm(dir, { recursive: true }))));

it('renames a full file, keeps as many as told, and loses no line that is kept', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'log-'));
  dirs.push(dir);
  const open = () => openLogFile({ path: join(dir, 'deep', 'access.log'), maxBytes: 100, keep: 2, clock: systemClock, onError: (error) => expect(error).toBeUndefined() });
  for (let part = 0; part < 5; part++) {
    const file = await open();
    for (let line = 0; line < 5; line++) file.write(`part ${part} line ${line}\n`);
    await file.close();
  }
  expect((await readdir(join(dir, 'deep'))).sort()).toEqual(['access.log', 'access.log.1', 'access.log.2']);
  const text = await Promise.all(['access.log.2', 'access.log.1', 'access.log'].map((name) => readFile(join(dir, 'deep', name), 'utf8')));
  expect(text.join('')).toBe([2, 3, 4].flatMap((part) => [0, 1, 2, 3, 4].map((line) => `part ${part} line ${line}\n`)).join(''));
});
