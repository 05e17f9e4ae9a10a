import { day, type UnixMs } from '#lib/time.ts';

/** How busy an invoice service is at an instant, 1 being an ordinary working morning; in China's time, filing days included. */

const zoneMs = 8 * 3_600_000;

/** Share of the morning's load by hour of the day: two peaks, a lunch dip, a quiet night. */
const byHour = [0.36, 0.33, 0.32, 0.32, 0.33, 0.36, 0.42, 0.55, 0.8, 1, 1.05, 0.92, 0.68, 0.78, 1, 1.02, 0.95, 0.8, 0.62, 0.56, 0.55, 0.52, 0.46, 0.4] as const;

/** The last filing days of 2026 as published; other months end on the 15th, rolled to a working day. */
const published: Readonly<Record<string, number>> = {
  '2026-01': 20,
  '2026-02': 24,
  '2026-03': 16,
  '2026-04': 20,
  '2026-05': 22,
  '2026-06': 15,
  '2026-07': 15,
  '2026-08': 17,
  '2026-09': 15,
  '2026-10': 26,
  '2026-11': 16,
  '2026-12': 15,
};

export function load(at: UnixMs): number {
  const local = new Date(at + zoneMs);
  const hour = local.getUTCHours();
  const into = local.getUTCMinutes() / 60;
  const here = byHour[hour] ?? 0.4;
  const next = byHour[(hour + 1) % 24] ?? 0.4;
  const weekend = local.getUTCDay() === 0 || local.getUTCDay() === 6 ? 0.7 : 1;
  return (here + (next - here) * into) * weekend * filingFactor(at);
}

/** Up to 1.8 on the last filing day, rising over the four days before it. */
export function filingFactor(at: UnixMs): number {
  const local = new Date(at + zoneMs);
  const left = lastFilingDay(local.getUTCFullYear(), local.getUTCMonth()) - local.getUTCDate();
  return left < 0 || left > 4 ? 1 : 1.8 - left * 0.16;
}

function lastFilingDay(year: number, month: number): number {
  const known = published[`${year}-${String(month + 1).padStart(2, '0')}`];
  if (known !== undefined) return known;
  let end = Date.UTC(year, month, 15);
  while ([0, 6].includes(new Date(end).getUTCDay())) end += day;
  return new Date(end).getUTCDate();
}
