import { type UnixMs, unixMs } from '#lib/time.ts';

const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** Turns wall-clock time of one zone into instants; `utcMs` is the wall clock read as if it were UTC. */
export type ToInstant = (utcMs: number) => UnixMs;

/**
 * An hour that happens twice is taken as its first pass, one that is skipped moves forward as the clock did: a stable choice
 * either way. Offsets are remembered by wall-clock hour, because asking Intl for each line would cost more than reading it.
 */
export function zoneReader(zone: string): ToInstant {
  if (zone === 'UTC') return unixMs;
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
  const offsets = new Map<number, number>();

  const offsetAt = (instant: number): number => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(instant)) part[type] = Number(value);
    const wall = Date.UTC(part.year ?? 1970, (part.month ?? 1) - 1, part.day ?? 1, part.hour ?? 0, part.minute ?? 0, part.second ?? 0);
    return wall - Math.floor(instant / 1000) * 1000;
  };

  return (utcMs) => {
    // Quarter hours, because some zones change or are offset by less than an hour.
    const slot = Math.floor(utcMs / (hourMs / 4));
    let offset = offsets.get(slot);
    if (offset === undefined) {
      offset = offsetForWall(slot * (hourMs / 4), offsetAt);
      if (offsets.size > 10_000) offsets.clear();
      offsets.set(slot, offset);
    }
    return unixMs(utcMs - offset);
  };
}

/** The offsets a day before and after bracket any change; the earlier one wins where both fit or neither does. */
function offsetForWall(wall: number, offsetAt: (instant: number) => number): number {
  const before = offsetAt(wall - dayMs);
  const after = offsetAt(wall + dayMs);
  if (before === after) return before;
  const beforeFits = offsetAt(wall - before) === before;
  const afterFits = offsetAt(wall - after) === after;
  return !beforeFits && afterFits ? after : before;
}
