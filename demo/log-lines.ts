import type { UnixMs } from '#lib/time.ts';
import type { LoginMark } from './invoice-service.ts';

/** Log lines as nginx and sshd would write them on the demo's host, in its own zone. */

const zoneMs = 8 * 3_600_000;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const two = (value: number): string => String(value).padStart(2, '0');

interface LocalTime {
  year: number;
  month: string;
  day: number;
  clock: string;
}

function local(at: UnixMs): LocalTime {
  const time = new Date(at + zoneMs);
  return {
    year: time.getUTCFullYear(),
    month: months[time.getUTCMonth()] ?? 'Jan',
    day: time.getUTCDate(),
    clock: `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())}`,
  };
}

export interface AccessMark {
  at: UnixMs;
  client: string;
  method: string;
  target: string;
  status: number;
  bytes: number;
  userAgent: string;
  seconds: number;
  /** The business code inside the answer; empty when there is none. */
  code: string;
}

/** Combined format with the request time and the business code at its end. */
export function accessLine(mark: AccessMark): string {
  const { year, month, day, clock } = local(mark.at);
  const code = mark.code === '' ? '' : ` code=${mark.code}`;
  return `${mark.client} - - [${two(day)}/${month}/${year}:${clock} +0800] "${mark.method} ${mark.target} HTTP/1.1" ${mark.status} ${mark.bytes} "-" "${mark.userAgent.replaceAll(/["\\\r\n]/g, '')}" rt=${mark.seconds.toFixed(3)}${code}\n`;
}

export function loginLine(mark: LoginMark & { at: UnixMs; client: string; clientPort: number }): string {
  const { month, day, clock } = local(mark.at);
  const user = mark.user.replaceAll(/[^\w.@-]/g, '_').slice(0, 60) || 'nobody';
  const who = `${mark.known || mark.failed === '' ? '' : 'invalid user '}${user} from ${mark.client} port ${mark.clientPort}`;
  const what = mark.failed === '' ? `Accepted password for ${who}` : `Failed ${mark.failed} for ${who}`;
  return `${month} ${String(day).padStart(2, ' ')} ${clock} demo-web invoice-login[1203]: ${what}\n`;
}
