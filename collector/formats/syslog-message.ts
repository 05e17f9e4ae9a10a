import { parseIso, type UnixMs } from '#lib/time.ts';
import { readSyslogHeader, readTag, type YearAndZone } from './syslog-header.ts';

/** One message as syslog carries it, whichever dialect it was written in. */
export interface SyslogMessage {
  /** 0…23; 1 (user) when the message has no priority. */
  facility: number;
  /** 0 emergency … 7 debug; 5 (notice) when the message has no priority. */
  severity: number;
  /** Undefined when none could be read: the time of receipt stands in. */
  time: UnixMs | undefined;
  /** Empty when unknown, as are the two below. */
  host: string;
  program: string;
  messageId: string;
  pid: number | undefined;
  /** By `ID.NAME`. */
  structuredData: Record<string, string>;
  message: string;
  /** How its header was written; `none` when there was only text. */
  header: 'rfc5424' | 'rfc3164' | 'none';
  /** A priority stood in front. */
  prioritized: boolean;
}

/** Reads RFC 5424, then RFC 3164 and its dialects, then keeps the text as it is; never throws. */
export function parseSyslog(line: string, context: YearAndZone): SyslogMessage {
  // Some firewalls put a blank before the priority.
  const text = line.startsWith(' <') ? line.slice(1) : line;
  const priority = readPriority(text);
  const rest = text.slice(priority?.length ?? 0);
  const { facility, severity } = priority ?? { facility: 1, severity: 5 };
  const common = { facility, severity, messageId: '', structuredData: {}, prioritized: priority !== undefined };
  const modern = readModern(rest, context);
  if (modern) return { ...common, ...modern };
  const header = readSyslogHeader(rest, context);
  if (header) return { ...common, ...header, header: 'rfc3164' };
  const bare = priority ? readTag(rest) : { program: '', pid: undefined, message: text };
  return { ...common, time: undefined, host: '', ...bare, header: 'none' };
}

function readPriority(text: string): { facility: number; severity: number; length: number } | undefined {
  if (text.charCodeAt(0) !== 60) return undefined;
  const match = /^<(\d{1,3})>/.exec(text);
  const value = Number(match?.[1]);
  if (!match || value > 191) return undefined;
  return { facility: value >> 3, severity: value & 7, length: match[0].length };
}

type Modern = Pick<SyslogMessage, 'time' | 'host' | 'program' | 'messageId' | 'pid' | 'structuredData' | 'message' | 'header'>;

/** `1 TIME HOST APP PROCID MSGID SD [MSG]`, each field `-` when absent. */
const modernHead = /^1 (-|\d{4}-\d{2}-\d{2}T\S{8,24}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) (?=-|\[)/;

function readModern(text: string, { toInstant }: YearAndZone): Modern | undefined {
  if (!text.startsWith('1 ')) return undefined;
  const head = modernHead.exec(text);
  if (!head) return undefined;
  const data = readStructuredData(text, head[0].length);
  if (!data) return undefined;
  const [, time = '-', host = '-', program = '-', pid = '-', messageId = '-'] = head;
  const zoned = /(?:Z|[+-]\d{2}:\d{2})$/i.test(time);
  const at = time === '-' ? undefined : parseIso(zoned ? time : `${time}Z`);
  return {
    time: at === undefined || zoned ? at : toInstant(at),
    host: nil(host),
    program: nil(program),
    messageId: nil(messageId),
    pid: /^\d{1,10}$/.test(pid) ? Number(pid) : undefined,
    structuredData: data.values,
    // The mark says the text is UTF-8, which it was read as already; the second blank is rsyslog's, which keeps the one behind a tag.
    message: text.slice(data.end).replace(/^ \uFEFF? ?/, ''),
    header: 'rfc5424',
  };
}

const nil = (text: string): string => (text === '-' ? '' : text);

const mostParameters = 64;
const element = /\[([^\s="\]]{1,64})/y;
/** A quote, a backslash and a closing bracket are written behind a backslash inside a value. */
const parameter = / ([^\s="\]]{1,64})="((?:[^"\\\]]|\\[\s\S])*)"/y;

/** `-` or `[id name="value" …]…`; undefined when it is neither. */
function readStructuredData(text: string, from: number): { values: Record<string, string>; end: number } | undefined {
  const values: Record<string, string> = {};
  if (text.charCodeAt(from) === 45) return { values, end: from + 1 };
  let at = from;
  let count = 0;
  while (text.charCodeAt(at) === 91) {
    element.lastIndex = at;
    const opened = element.exec(text);
    if (!opened) return undefined;
    at = element.lastIndex;
    for (;;) {
      parameter.lastIndex = at;
      const match = parameter.exec(text);
      if (!match) break;
      at = parameter.lastIndex;
      if (count++ < mostParameters) values[`${opened[1]}.${match[1]}`] = (match[2] ?? '').replace(/\\(["\\\]])/g, '$1');
    }
    if (text.charCodeAt(at) !== 93) return undefined;
    at++;
  }
  return { values, end: at };
}
