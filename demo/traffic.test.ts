import { describe, expect, it } from 'vitest';
import { readRecords } from '#collector/origin.ts';
import { virtualClock } from '#lib/clock.ts';
import { durationMs, minute, unixMs } from '#lib/time.ts';
import { filingFactor, load } from './day-shape.ts';
import type { FaultName } from './faults.ts';
import type { LogFile } from './log-file.ts';
import { startTraffic } from './traffic.ts';
import { createWorld } from './world.ts';

const china = (text: string) => unixMs(Date.parse(`${text}+08:00`));
const morning = china('2026-03-11T10:00:00');

function page(): LogFile & { lines: string[] } {
  const lines: string[] = [];
  return { lines, write: (line) => void lines.push(line.trimEnd()), close: async () => {} };
}

/** Three minutes of the public, read back as the collector would. */
async function traffic({ at = morning, fault, seed = 7 }: { at?: number; fault?: FaultName; seed?: number }) {
  const clock = virtualClock(unixMs(at));
  const world = createWorld({ clock, seed });
  const [accessLog, loginLog] = [page(), page()];
  if (fault) world.faults.set(fault, { on: true });
  const running = startTraffic({ world, accessLog, loginLog });
  await clock.advance(durationMs(3 * minute));
  running.stop();
  await clock.advance(durationMs(0));
  const origin = (source: string, format: Record<string, unknown>) => ({ source, service: 'invoice', format, observedAt: clock.now(), nearAt: clock.now() });
  const access = readRecords(accessLog.lines, origin('access', { kind: 'combined', zone: 'Asia/Shanghai', success_codes: ['000', '001', '006', '007', '008', '009', '101', '401'] }));
  const login = readRecords(loginLog.lines, origin('auth', { kind: 'auth', zone: 'Asia/Shanghai' }));
  const share = (rows: typeof access.rows, name: string, value: string) => rows.filter(({ attributes }) => attributes[name] === value).length / Math.max(1, rows.length);
  const seconds = access.rows.map(({ attributes }) => Number(attributes['http.server.request.duration'])).sort((a, b) => a - b);
  return {
    lines: accessLog.lines,
    requests: access.rows.length,
    logins: login.rows.length,
    malformed: access.malformed + login.malformed,
    errors: share(access.rows, 'outcome', 'error'),
    failed: share(login.rows, 'login.outcome', 'failed'),
    reasons: new Set(login.rows.flatMap(({ attributes }) => (attributes['login.reason'] ? [attributes['login.reason']] : []))),
    p95: seconds[Math.floor(seconds.length * 0.95)] ?? 0,
    newest: Math.max(...access.rows.map(({ timestamp }) => timestamp)) - clock.now(),
  };
}

describe('the simulated public', () => {
  it('is healthy on an ordinary morning, and every line it leaves can be read', async () => {
    const seen = await traffic({});
    expect(seen.malformed).toBe(0);
    expect(seen.requests / 180).toBeGreaterThan(2);
    expect(seen.requests / 180).toBeLessThan(9);
    expect(seen.errors).toBeLessThan(0.01);
    expect(seen.failed).toBeLessThan(0.15);
    expect(seen.p95).toBeLessThan(0.4);
    expect(seen.newest).toBeLessThanOrEqual(0);
  });

  it('tells the same story from the same seed', async () => {
    const withoutIds = ({ lines }: { lines: string[] }) => lines.map((line) => line.replace(/rt=.*/, ''));
    expect(withoutIds(await traffic({ seed: 3 }))).toEqual(withoutIds(await traffic({ seed: 3 })));
    expect(withoutIds(await traffic({ seed: 3 }))).not.toEqual(withoutIds(await traffic({ seed: 4 })));
  });

  it.each<{ fault: FaultName; says: string; holds(seen: Awaited<ReturnType<typeof traffic>>): boolean }>([
    { fault: 'errors', says: 'almost every request is an error', holds: ({ errors }) => errors > 0.95 },
    { fault: 'slow', says: 'p95 passes two seconds', holds: ({ p95, errors }) => p95 > 2 && errors < 0.01 },
    { fault: 'slow-database', says: 'queries are slow and some end in a platform code', holds: ({ p95, errors }) => p95 > 2 && errors > 0.05 && errors < 0.3 },
    { fault: 'captcha-broken', says: 'every login fails for its captcha', holds: ({ failed, reasons }) => failed === 1 && reasons.has('captcha') },
    { fault: 'brute-force', says: 'logins fail for passwords of known and unknown users', holds: ({ failed, reasons }) => failed > 0.6 && reasons.has('password') && reasons.has('unknown_user') },
    { fault: 'hang', says: 'people leave after twelve seconds', holds: ({ lines, p95 }) => p95 >= 12 && lines.every((line) => / 499 0 "-" /.test(line)) },
    { fault: 'down', says: 'a service that is down writes nothing', holds: ({ requests, logins }) => requests + logins === 0 },
    { fault: 'carrier-loss', says: 'nobody of the lost carrier is in the log', holds: ({ lines }) => lines.length > 100 && !lines.some((line) => line.startsWith('203.0.113.')) },
    { fault: 'wrong-answer', says: 'the log sees nothing of a wrong answer', holds: ({ errors, failed }) => errors < 0.01 && failed < 0.15 },
  ])('during $fault: $says', async ({ fault, holds }) => {
    const seen = await traffic({ fault });
    expect({ ...seen, lines: seen.lines.length, holds: holds(seen) }).toMatchObject({ holds: true, malformed: 0 });
  });
});

describe('the shape of the day', () => {
  it('has a quiet night, two busy stretches and a busier filing day', () => {
    expect(load(china('2026-03-11T03:00:00'))).toBeLessThan(load(china('2026-03-11T10:00:00')) / 2.5);
    expect(load(china('2026-03-11T12:30:00'))).toBeLessThan(load(china('2026-03-11T10:00:00')));
    expect(load(china('2026-03-16T10:00:00'))).toBeCloseTo(load(china('2026-03-11T10:00:00')) * 1.8, 5);
  });

  it.each([
    { day: '2026-03-16', factor: 1.8, name: 'the published last day' },
    { day: '2026-03-12', factor: 1.16, name: 'four days before' },
    { day: '2026-03-11', factor: 1, name: 'five days before' },
    { day: '2026-03-17', factor: 1, name: 'the day after' },
    { day: '2027-05-17', factor: 1.8, name: 'a 15th on a Saturday, rolled to Monday' },
  ])('$name counts $factor', ({ day, factor }) => {
    expect(filingFactor(china(`${day}T10:00:00`))).toBeCloseTo(factor, 5);
  });
});
