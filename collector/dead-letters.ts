import { appendFile, rename, stat } from 'node:fs/promises';
import { iso, type UnixMs } from '#lib/time.ts';

/** Rows the store refuses for good, one JSON line each time, so a person can look at them; one older file is kept. */
const largest = 64_000_000;

export interface DeadLetter {
  at: UnixMs;
  token: string;
  kind: string;
  reason: string;
  rows: readonly unknown[];
}

export async function setAside(path: string, letter: DeadLetter): Promise<void> {
  const size = await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
  if (size > largest) await rename(path, `${path}.1`);
  await appendFile(path, `${JSON.stringify({ ...letter, at: iso(letter.at) })}\n`);
}
