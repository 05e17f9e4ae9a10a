import { iso, parseIso, type UnixMs, unixMs } from '#lib/time.ts';

/** So much of the time before is compared with. */
const beforeMs = 1_800_000;

/** Where the log patterns of a service stand that are new since an incident began. */
export function newSince({ service, openedAt, endedAt }: { service: string; openedAt: string; endedAt: string | null }, now: UnixMs): string {
  const opened = parseIso(openedAt) ?? now;
  const until = (endedAt === null ? undefined : parseIso(endedAt)) ?? now;
  // The lines of the trouble itself come a little before somebody or something calls it an incident.
  const since = unixMs(opened - 60_000);
  const query = new URLSearchParams({ view: 'patterns', service, since: iso(since), from: iso(unixMs(since - beforeMs)), to: iso(unixMs(Math.max(until, opened + 60_000))) });
  return `/logs?${query.toString().replaceAll('%3A', ':')}`;
}
