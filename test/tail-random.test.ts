/** Numbered lines through random rotations, copies, archives, kills and restarts, on virtual time: each is kept exactly once. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep, setImmediate as tick } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Encoding, encodingOf } from '#collector/encoding.ts';
import { FileTail } from '#collector/sources/file-tail.ts';
import type { RunningSource } from '#collector/sources/source.ts';
import { openSpool, type Spool } from '#collector/spool.ts';
import { virtualClock } from '#lib/clock.ts';
import { startLoop } from '#lib/loop.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import { NumberedLogs } from './numbered-logs.ts';

let home: string;
const spools: Spool[] = [];
const tails: RunningSource[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'fenghuo-random-'));
  mkdirSync(join(home, 'logs'));
});
afterEach(async () => {
  await Promise.all(tails.splice(0).map((tail) => tail.stop()));
  await Promise.all(spools.splice(0).map((spool) => spool.close()));
  rmSync(home, { recursive: true });
});

const utf8 = (): Encoding => encodingOf('utf-8') ?? expect.unreachable('no such encoding');

async function runSeed(seed: number): Promise<{ story: string[]; lost: number[]; twice: number[]; torn: string[] }> {
  let state = seed;
  const chance = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const clock = virtualClock(unixMs(Date.now()));
  const stored = new Map<string, string[]>();
  const story: string[] = [];

  const open = async (): Promise<{ spool: Spool; tail: FileTail }> => {
    // A killed one leaves what is on disk at that moment; here it goes on tidying its own folder for a while.
    const dir = join(home, `spool-${spools.length}`);
    if (spools.length > 0) cpSync(join(home, `spool-${spools.length - 1}`), dir, { recursive: true });
    const spool = await openSpool({ dir, maxBytes: 100_000_000, clock });
    spools.push(spool);
    const paths = ['*.log', '*.log.*', '*.log-*'].map((name) => join(home, 'logs', name));
    const tail = new FileTail(
      { id: 'load', service: 'web', paths, format: { kind: 'combined' }, encoding: utf8(), startAt: 'beginning', idleMs: 5_000 },
      {
        spool,
        clock,
        onError: (error) => story.push(`error: ${String(error)}`),
      },
    );
    tails.push(tail.running(startLoop({ name: 'unused', everyMs: durationMs(1e9), clock, run: () => Promise.resolve({ backlog: 0 }), onError: () => {} })));
    return { spool, tail };
  };
  let { spool, tail } = await open();
  const start = async (): Promise<void> => {
    ({ spool, tail } = await open());
  };
  /** The store keeps a token once; the word that it has it may get lost. */
  const ship = async (): Promise<void> => {
    for (let taken = await spool.take(false); taken; taken = await spool.take(false)) {
      const { batch } = taken;
      if (!stored.has(taken.token)) stored.set(taken.token, batch.kind === 'lines' ? [...batch.lines] : batch.kind === 'logs' ? batch.rows.map(({ body }) => body) : []);
      if (chance() < 0.9) await spool.acknowledge(taken);
    }
  };
  const pause = async (mostMs: number): Promise<void> => {
    for (let left = chance() * mostMs; left > 0; left -= 200) {
      await clock.advance(durationMs(Math.min(left, 200)));
      await tail.round(clock.now());
    }
    if (chance() < 0.5) await ship();
  };
  const readAll = async (): Promise<void> => {
    await pause(0);
    for (let round = 0; round < 12; round++) {
      await clock.advance(durationMs(1_000));
      await tail.round(clock.now());
    }
    for (let wait = 0; wait < 100 && [...stored.values()].reduce((sum, lines) => sum + lines.length, 0) < logs.written; wait++) {
      await sleep(5);
      await tail.round(clock.now());
      await ship();
    }
  };
  const logs = new NumberedLogs({ dir: join(home, 'logs'), total: 1e9, chance, pause });
  const atOnce: Record<string, (file: string) => void> = {
    rename: (file) => logs.rename(file),
    'copy and truncate': (file) => logs.copyAndTruncate(file),
    write: (file) => logs.write(file, Math.floor(chance() * 40)),
  };
  const slowly: Record<string, (file: string) => Promise<void>> = {
    'copy slowly and truncate': (file) => logs.copySlowlyAndTruncate(file),
    compress: (file) => logs.compress(file),
    // A file's own clock lags behind the virtual one: it is looked at first, or it would seem to have lain still for long.
    pieces: async (file) => {
      await tail.round(clock.now());
      await logs.writeInPieces(file);
    },
    kill: start,
    'kill and rename': async (file) => {
      logs.rename(file);
      await start();
    },
    'kill and copy': async (file) => {
      logs.copyAndTruncate(file);
      await start();
    },
    'empty and refill': async (file) => {
      await readAll();
      logs.emptyAndRefill(file);
    },
    'remove and create': async (file) => {
      await readAll();
      logs.removeAndCreate(file);
    },
    'remove the oldest': async (file) => {
      await readAll();
      logs.removeOldest(file);
    },
    quiet: async () => pause(15_000),
  };
  const oneOf = <T>(all: readonly T[]): T => all[Math.floor(chance() * all.length)] as T;

  for (let number = 0; number < 40; number++) {
    const file = oneOf(logs.files);
    for (const each of logs.files) if (chance() < 0.6) logs.write(each, Math.floor(chance() * 30));
    const name = oneOf([...Object.keys(atOnce), ...Object.keys(atOnce), ...Object.keys(slowly)]);
    story.push(`${number}. ${name} ${file.slice(home.length + 6)} at ${logs.written}`);
    const round = chance() < 0.5 && atOnce[name] ? tail.round(clock.now()) : undefined;
    for (let ticks = Math.floor(chance() * 12); round && ticks > 0; ticks--) await tick();
    atOnce[name]?.(file);
    await round;
    await slowly[name]?.(file);
    if (chance() < 0.6) await pause(1_200);
  }
  for (let still = 0; still < 3; still++) await readAll();
  const lines = [...stored.values()].flat();
  const times = new Map<number, number>();
  const torn = lines.filter((line) => !/^192.*"GET \/item\/\d+ HTTP.*rt=0\.0\d+$/.test(line));
  for (const line of lines) {
    const number = Number(/item\/(\d+) /.exec(line)?.[1]);
    times.set(number, (times.get(number) ?? 0) + 1);
  }
  return {
    story,
    torn,
    lost: Array.from({ length: logs.written }, (_, number) => number).filter((number) => !times.has(number)),
    twice: [...times].filter(([, count]) => count > 1).map(([number]) => number),
  };
}

it.each([1, 2, 3, 4, 5, 6])('seed %i', async (seed) => {
  const { story, ...found } = await runSeed(seed);
  expect(found, story.join('\n')).toEqual({ lost: [], twice: [], torn: [] });
});
