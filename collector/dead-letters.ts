import { appendFile, open, rename, stat } from 'node:fs/promises';
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

/** A letter as it is looked at: how many rows it holds, and the first of them. */
export interface LetterNote {
  /** ISO 8601. */
  at: string;
  kind: string;
  reason: string;
  rows: number;
  /** The first row as JSON, cut after 400 characters; empty when the rows could not be read back. */
  sample: string;
}

const readAtMost = 1_000_000;
const sampleChars = 400;

/** The newest letters, newest first. */
export async function recentLetters(path: string, limit: number): Promise<LetterNote[]> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return [];
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(size, readAtMost)), 0, Math.min(size, readAtMost), Math.max(0, size - readAtMost));
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n').slice(0, -1);
    // The first line read may have begun before where reading did.
    return lines.slice(-limit).flatMap(noteOf).reverse();
  } finally {
    await handle.close();
  }
}

function noteOf(line: string): LetterNote[] {
  try {
    const { at, kind, reason, rows } = JSON.parse(line) as Omit<DeadLetter, 'at'> & { at: string };
    return [{ at, kind, reason, rows: rows.length, sample: rows.length > 0 ? JSON.stringify(rows[0]).slice(0, sampleChars) : '' }];
  } catch {
    return [];
  }
}
