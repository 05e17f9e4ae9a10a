import { type DurationMs, day as dayMs, durationMs, type UnixMs, unixMs } from '#lib/time.ts';
import type { ProbeDay } from './ports.ts';

export const dayStates = ['ok', 'slow', 'down', 'unknown'] as const;
export type DayState = (typeof dayStates)[number];
export interface UptimeDay {
  day: string;
  state: DayState;
  /** Share of known checks that got an answer; null when nothing is known. */
  uptime: number | null;
}
export interface Uptime {
  /** 90 days, oldest first, today last. */
  days: readonly UptimeDay[];
  /** Over the days shown; unknown time is left out of it. */
  uptime: number | null;
  /** Share of the time since the first check for which something is known. */
  coverage: number;
  since: UnixMs | null;
}

export const barCount = 90;
/** A quarter of an hour a day, and a minute and a half: above the first a day is red, above the second amber. */
const downShare = 0.01;
const dimShare = 0.001;
const slowShare = 0.05;

/** The site's date at an instant: `2026-11-24`. */
export const dateIn = (zone: string, at: UnixMs): string => new Intl.DateTimeFormat('sv-SE', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at);

/** The last 90 dates of the zone, oldest first. */
export function lastDays(zone: string, now: UnixMs, count = barCount): string[] {
  const [year = 0, month = 1, date = 1] = dateIn(zone, now).split('-').map(Number);
  return Array.from({ length: count }, (_, index) => new Date(Date.UTC(year, month - 1, date - (count - 1 - index))).toISOString().slice(0, 10));
}

/** Bars, uptime and coverage of a component from what its probes saw. */
export function uptimeOf({ rows, probes }: { rows: readonly ProbeDay[]; probes: readonly { id: string; intervalMs: DurationMs }[] }, { zone, now }: { zone: string; now: UnixMs }): Uptime {
  const ids = new Set(probes.map(({ id }) => id));
  const mine = rows.filter(({ probe }) => ids.has(probe));
  const byDay = Map.groupBy(mine, ({ day }) => day);
  const days = lastDays(zone, now).map((date): UptimeDay => dayOf(date, byDay.get(date) ?? []));
  const shown = new Set(days.map(({ day }) => day));
  const counted = mine.filter(({ day }) => shown.has(day));
  const known = sum(counted.map((row) => row.known));
  const first = counted.map(({ firstAt }) => firstAt);
  const since = first.length === 0 ? null : unixMs(Math.min(...first));
  return { days, uptime: known === 0 ? null : 1 - sum(counted.map(({ failed }) => failed)) / known, coverage: coverageOf(counted, { probes, since, now }), since };
}

function dayOf(day: string, rows: readonly ProbeDay[]): UptimeDay {
  const known = sum(rows.map((row) => row.known));
  if (known === 0) return { day, state: 'unknown', uptime: null };
  const failed = sum(rows.map((row) => row.failed)) / known;
  const slow = sum(rows.map((row) => row.slow)) / known;
  return { day, state: failed >= downShare ? 'down' : failed >= dimShare || slow >= slowShare ? 'slow' : 'ok', uptime: 1 - failed };
}

/** A probe that runs less often than once a minute still covers the time between its checks. */
function coverageOf(rows: readonly ProbeDay[], { probes, since, now }: { probes: readonly { id: string; intervalMs: DurationMs }[]; since: UnixMs | null; now: UnixMs }): number {
  if (since === null || probes.length === 0 || now <= since) return 0;
  const elapsed = Math.min(now - since, barCount * dayMs);
  const shares = probes.map(({ id, intervalMs }) => {
    const stretch = Math.max(1, Math.ceil(intervalMs / 60_000));
    return Math.min(1, (sum(rows.filter(({ probe }) => probe === id).map(({ knownMs }) => knownMs)) * stretch) / elapsed);
  });
  return sum(shares) / shares.length;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
export const barsFrom = (now: UnixMs): UnixMs => unixMs(now - durationMs(barCount * dayMs));
