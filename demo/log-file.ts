import { appendFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';

/** A log file that grows, and is renamed when it is full, as logrotate does. */
export interface LogFile {
  write(line: string): void;
  /** Resolves when everything written so far is in the file. */
  close(): Promise<void>;
}

interface LogFileOptions {
  path: string;
  maxBytes: number;
  /** How many renamed files are kept. */
  keep: number;
  clock: Clock;
  onError(error: unknown): void;
}

const gatherMs = durationMs(50);

export async function openLogFile({ path, maxBytes, keep, clock, onError }: LogFileOptions): Promise<LogFile> {
  await mkdir(dirname(path), { recursive: true });
  await appendFile(path, '');
  let size = (await stat(path)).size;
  let waiting = '';
  let writing: Promise<void> = Promise.resolve();
  let cancel: (() => void) | null = null;

  async function flush(text: string): Promise<void> {
    if (size > 0 && size + text.length > maxBytes) {
      await rotate(path, keep);
      size = 0;
    }
    await appendFile(path, text);
    size += Buffer.byteLength(text);
  }

  function start(): void {
    cancel?.();
    cancel = null;
    const text = waiting;
    waiting = '';
    if (text !== '') writing = writing.then(() => flush(text)).catch(onError);
  }

  return {
    write(line) {
      waiting += line;
      cancel ??= clock.after(gatherMs, start);
    },
    close() {
      start();
      return writing;
    },
  };
}

/** `access.log` → `access.log.1` → `access.log.2`; the oldest goes. */
async function rotate(path: string, keep: number): Promise<void> {
  await rm(`${path}.${keep}`, { force: true });
  for (let number = keep - 1; number >= 1; number--) await rename(`${path}.${number}`, `${path}.${number + 1}`).catch(() => {});
  await rename(path, `${path}.1`);
}
