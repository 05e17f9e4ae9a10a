import { type UnixMs, unixMs } from '#lib/time.ts';
import { readIsoTime } from './iso-time.ts';
import type { ToInstant } from './zone.ts';

/** The head of a syslog line: RFC 3164 (no year, no zone) or the RFC 3339 time newer daemons write. */
export interface SyslogHeader {
  time: UnixMs;
  host: string;
  /** Empty when the line has none. */
  program: string;
  pid: number | undefined;
  message: string;
}

export interface YearAndZone {
  /** Fixed by configuration; otherwise the year that puts the time nearest to `near`. */
  year: number | undefined;
  near: UnixMs;
  toInstant: ToInstant;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** The year stands before or behind the clock, a star or dot before the month (clock not set), a colon or a zone behind. */
const bsdTime = /^[*.]?([A-Z][A-Za-z]{2}) {1,2}(\d{1,2}) (?:(\d{4}) )?(\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?(?: (\d{4}))?(?: (UTC|GMT))?:? /;
const isoTime = /^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?):? /;
const tag = /^([A-Za-z0-9_./@-]{1,64})(?:\[(\d{1,10})\]|\[[^\]\s]{1,40}\])?(?:: |:$)/;

export function readSyslogHeader(text: string, context: YearAndZone): SyslogHeader | undefined {
  const bsd = bsdTime.exec(text);
  const iso = bsd ? undefined : isoTime.exec(text);
  const time = bsd ? readBsdTime(bsd, context) : iso ? readIsoTime(iso[1] ?? '', context.toInstant) : undefined;
  if (time === undefined) return undefined;
  const hostStart = (bsd ?? iso)?.[0].length ?? 0;
  const hostEnd = text.indexOf(' ', hostStart);
  if (hostEnd <= hostStart) return undefined;
  const host = text.slice(hostStart, hostEnd);
  // Devices that leave their name out begin with the tag at once.
  const nameless = host.endsWith(':');
  const rest = text.slice(nameless ? hostStart : hostEnd + 1);
  return { time, host: nameless ? '' : host, ...readTag(rest) };
}

export function readTag(text: string): Pick<SyslogHeader, 'program' | 'pid' | 'message'> {
  const tagged = tag.exec(text);
  if (!tagged) return { program: '', pid: undefined, message: text };
  return { program: tagged[1] ?? '', pid: tagged[2] === undefined ? undefined : Number(tagged[2]), message: text.slice(tagged[0].length) };
}

function readBsdTime(match: RegExpExecArray, { year, near, toInstant }: YearAndZone): UnixMs | undefined {
  const month = months.indexOf((match[1] ?? '').toLowerCase());
  const [day, hours, minutes, seconds] = [Number(match[2]), Number(match[4]), Number(match[5]), Number(match[6])];
  if (month < 0 || day < 1 || day > 31 || hours > 23 || minutes > 59 || seconds > 60) return undefined;
  const fraction = match[7] ? Math.floor(Number(`0.${match[7]}`) * 1_000) : 0;
  const zoned = match[9] ? unixMs : toInstant;
  const at = (candidate: number): UnixMs => zoned(Date.UTC(candidate, month, day, hours, minutes, seconds, fraction));
  const written = match[3] ?? match[8];
  const fixed = written === undefined ? year : Number(written);
  if (fixed !== undefined) return isDate(fixed, month, day) ? at(fixed) : undefined;
  return nearestYear({ month, day }, near, at);
}

/** No line is written long before its time: what would lie further ahead belongs to the year before. */
const furthestAhead = 2 * 86_400_000;

/** Dec 31 arriving on Jan 1 is last year's, Jan 1 arriving on Dec 31 next year's, Feb 29 the nearest leap year's. */
export function nearestYear({ month, day }: { month: number; day: number }, near: UnixMs, at: (year: number) => UnixMs): UnixMs | undefined {
  const around = new Date(near).getUTCFullYear();
  let best: UnixMs | undefined;
  const reach = month === 1 && day === 29 ? 8 : 1;
  for (let year = around - reach; year <= around + reach; year++) {
    if (!isDate(year, month, day)) continue;
    const candidate = at(year);
    if (candidate > near + furthestAhead) break;
    if (best === undefined || Math.abs(candidate - near) < Math.abs(best - near)) best = candidate;
  }
  return best;
}

const isDate = (year: number, month: number, day: number): boolean => new Date(Date.UTC(year, month, day)).getUTCDate() === day;
