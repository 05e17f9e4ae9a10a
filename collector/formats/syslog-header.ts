import { type UnixMs, unixMs } from '#lib/time.ts';
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

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const priority = /^<\d{1,3}>(?:1 )?/;
const bsdTime = /^([A-Z][a-z]{2}) {1,2}(\d{1,2}) (?:(\d{4}) )?(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?:? /;
const isoTime = /^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?) /;
const tag = /^([A-Za-z0-9_./-]{1,64})(?:\[(\d{1,10})\])?:(?: |$)/;

export function readSyslogHeader(line: string, context: YearAndZone): SyslogHeader | undefined {
  const start = line.charCodeAt(0) === 60 ? (priority.exec(line)?.[0].length ?? 0) : 0;
  const text = start === 0 ? line : line.slice(start);
  const bsd = bsdTime.exec(text);
  const iso = bsd ? undefined : isoTime.exec(text);
  const time = bsd ? readBsdTime(bsd, context) : iso ? readIsoTime(iso[1] ?? '', context) : undefined;
  if (time === undefined) return undefined;
  const hostStart = (bsd ?? iso)?.[0].length ?? 0;
  const hostEnd = text.indexOf(' ', hostStart);
  if (hostEnd <= hostStart) return undefined;
  const rest = text.slice(hostEnd + 1);
  const tagged = tag.exec(rest);
  const pid = tagged?.[2];
  return { time, host: text.slice(hostStart, hostEnd), program: tagged?.[1] ?? '', pid: pid === undefined ? undefined : Number(pid), message: tagged ? rest.slice(tagged[0].length) : rest };
}

function readBsdTime(match: RegExpExecArray, { year, near, toInstant }: YearAndZone): UnixMs | undefined {
  const month = months.indexOf(match[1] ?? '');
  const [day, hours, minutes, seconds] = [Number(match[2]), Number(match[4]), Number(match[5]), Number(match[6])];
  if (month < 0 || day < 1 || day > 31 || hours > 23 || minutes > 59 || seconds > 60) return undefined;
  const fraction = match[7] ? Math.floor(Number(`0.${match[7]}`) * 1_000) : 0;
  const at = (candidate: number): UnixMs => toInstant(Date.UTC(candidate, month, day, hours, minutes, seconds, fraction));
  const written = match[3] ? Number(match[3]) : year;
  if (written !== undefined) return isDate(written, month, day) ? at(written) : undefined;
  return nearestYear({ month, day }, near, at);
}

/** No line is written long before its time: what would lie further ahead belongs to the year before. */
const furthestAhead = 2 * 86_400_000;

/** Dec 31 arriving on Jan 1 is last year's, Jan 1 arriving on Dec 31 next year's, Feb 29 the nearest leap year's. */
function nearestYear({ month, day }: { month: number; day: number }, near: UnixMs, at: (year: number) => UnixMs): UnixMs | undefined {
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

function readIsoTime(text: string, { toInstant }: YearAndZone): UnixMs | undefined {
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/.test(text);
  const at = Date.parse(zoned ? text.replace(' ', 'T').replace(/([+-]\d{2})(\d{2})$/, '$1:$2') : `${text.replace(' ', 'T')}Z`);
  if (Number.isNaN(at)) return undefined;
  return zoned ? unixMs(at) : toInstant(at);
}
