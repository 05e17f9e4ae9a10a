import { appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { encodingOf } from '#collector/encoding.ts';
import { openSpool, type Spool } from '#collector/spool.ts';
import { type VirtualClock, virtualClock } from '#lib/clock.ts';
import { startLoop } from '#lib/loop.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import { FileTail, type FileTailConfig } from './file-tail.ts';
import type { SourceHealth } from './source.ts';

/** For tests: each has an empty folder of logs, and collectors that tail it; importing this file sees to both. */
let dir: string;
const spools: Spool[] = [];
const stops: (() => Promise<void>)[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fenghuo-tail-'));
  await mkdir(join(dir, 'log'));
});
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
  await Promise.all(spools.splice(0).map((spool) => spool.close()));
  await rm(dir, { recursive: true });
});

export const at = (name: string): string => join(dir, 'log', name);
export const put = (name: string, content: string | Buffer): Promise<void> => appendFile(at(name), content);
/** Lines long enough that a kilobyte of them is soon there. */
export const lines = (from: number, to: number, word = 'line'): string[] => Array.from({ length: to - from + 1 }, (_, index) => `${word} ${from + index} ${'.'.repeat(30)}`);
export const text = (from: number, to: number, word?: string): string => `${lines(from, to, word).join('\n')}\n`;

export interface Tailing {
  clock: VirtualClock;
  /** Polls until a second has passed, so that what was read is in the spool, and answers the new lines. */
  read(): Promise<string[]>;
  poll(ms?: number): Promise<void>;
  health(): SourceHealth;
  errors: string[];
}

const clockStart = Date.now();

/** A collector over the same folder; starting a second one without ending the first is a kill -9. */
export async function start(config: Partial<FileTailConfig> & { patterns?: string[]; encodingName?: string } = {}, clock = virtualClock(unixMs(clockStart))): Promise<Tailing> {
  const spool = await openSpool({ dir: join(dir, 'spool'), maxBytes: 100_000_000, clock });
  spools.push(spool);
  const errors: string[] = [];
  const encoding = encodingOf(config.encodingName ?? 'utf-8');
  if (!encoding) throw new Error('no such encoding');
  const tail = new FileTail(
    { id: 'access', service: 'invoice', paths: (config.patterns ?? ['*.log']).map(at), format: { kind: 'combined' }, encoding, startAt: 'beginning', idleMs: 5_000, ...config },
    { spool, clock, onError: (error) => errors.push(String(error)) },
  );
  const poll = async (ms = 250): Promise<void> => {
    await clock.advance(durationMs(ms));
    await tail.round(clock.now());
  };
  let received = 0;
  /** Everything read so far, once the spool has it. */
  const drain = async (): Promise<string[]> => {
    const got: string[] = [];
    await expect
      .poll(
        async () => {
          for (let taken = await spool.take(false); taken; taken = await spool.take(false)) {
            if (taken.batch.kind === 'lines') got.push(...taken.batch.lines);
            if (taken.batch.kind === 'logs') got.push(...taken.batch.rows.map(({ body }) => body));
            await spool.acknowledge(taken);
          }
          const { events, malformed } = running.health();
          if (received + got.length < events + malformed) await poll();
          return received + got.length - events - malformed;
        },
        { interval: 5, timeout: 10_000 },
      )
      .toBeGreaterThanOrEqual(0);
    received += got.length;
    return got;
  };
  const idle = startLoop({ name: 'unused', everyMs: durationMs(1e9), clock, run: () => Promise.resolve({ backlog: 0 }), onError: () => {} });
  const running = tail.running(idle);
  stops.push(running.stop);
  return {
    clock,
    poll,
    async read() {
      for (let round = 0; round < 6; round++) await poll();
      return drain();
    },
    health: () => running.health(),
    errors,
  };
}
