import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { failureText } from '#lib/file-error.ts';
import { type UnixMs, unixMs } from '#lib/time.ts';
import { type Encoding, encodingByMark } from './encoding.ts';
import type { Format, ParsedLine } from './formats/format.ts';
import { withLineFeeds } from './formats/line-break.ts';
import { type Joiner, joinerOf } from './formats/multiline.ts';
import { cutLines } from './lines.ts';
import { severityName } from './log.ts';
import { type ConfiguredSource, type Request, readRequest, usage } from './parse-request.ts';
import { createSummary, type LogSummary, type Summary } from './summary.ts';

export interface ParseIo {
  out(text: string): void | Promise<void>;
  err(text: string): void | Promise<void>;
  now(): UnixMs;
  /** A source of a configuration file, or why there is none; undefined where there is no configuration to read. */
  source?(id: string, config: string | undefined): ConfiguredSource | string;
}

/** `fenghuo logs parse`: 0 when every file was read, 2 for a wrong command line, 3 when a file could not be read. */
export async function logsParse(argv: string[], io: ParseIo): Promise<number> {
  const request = readRequest(argv, io.source);
  if (typeof request === 'string') {
    await io.err(`${request}\n${usage}`);
    return 2;
  }
  const summary = createSummary();
  let unread = 0;
  for (const file of request.files) {
    try {
      await parseFile(file, { request, summary, io });
    } catch (error) {
      unread++;
      await io.err(`${failureWords(error, file)}\n`);
    }
  }
  await report(summary.result(), request, io);
  return unread > 0 ? 3 : 0;
}

/** The system names the file itself; anything else needs it said. */
function failureWords(error: unknown, file: string): string {
  const { en } = failureText(error);
  return en.includes(file) ? en : `${file}: ${en}`;
}

interface Work {
  request: Request;
  summary: Summary;
  io: ParseIo;
}

async function parseFile(file: string, { request, summary, io }: Work): Promise<void> {
  const about = await stat(file);
  if (about.isDirectory()) throw new Error('is a directory');
  const near = request.near ?? (about.isFile() ? unixMs(about.mtimeMs) : io.now());
  const events = eventReader(request.format, summary);
  const read = async (found: readonly NumberedEvent[]): Promise<void> => {
    let text = '';
    for (const { number, line, lines } of found) {
      const parsed = request.format.parse(line, near);
      summary.add(number, parsed, lines);
      if (!request.summary && parsed.malformed === '') text += `${JSON.stringify(toEvent({ number, parsed, near, file }, request))}\n`;
    }
    if (text !== '') await io.out(text);
  };
  for await (const lines of linesOf(file, request.encoding, io)) await read(events.take(lines));
  await read(events.rest());
}

interface NumberedEvent {
  /** Of its first line. */
  number: number;
  line: string;
  /** How many lines it is made of. */
  lines: number;
}

/** Held lines of an event that does not end are read as they are behind this many. */
const mostHeld = 10_000;

/** Numbers lines, counts blank ones and joins the others to events. */
function eventReader(format: Format, summary: Summary) {
  const joiner: Joiner | undefined = joinerOf(format);
  const { heading: rule } = format;
  let heading = '';
  let number = 0;
  let held: NumberedEvent[] = [];
  const join = (count: number): NumberedEvent[] => {
    const ready = held.slice(0, count);
    held = held.slice(count);
    if (!joiner) return ready;
    return joiner.join(ready.map(({ line }) => line)).map(({ text, first, lines }) => ({ number: ready[first]?.number ?? 0, line: withLineFeeds(text), lines }));
  };
  return {
    take(lines: readonly string[]): NumberedEvent[] {
      for (const line of lines) {
        number++;
        const next = rule?.after(line, heading);
        if (next !== undefined) {
          heading = next;
          summary.directive();
        } else if (line.trim() === '') summary.blank();
        else held.push({ number, line: heading === '' ? line : `${heading}\n${line}`, lines: 1 });
      }
      const whole = joiner ? joiner.whole(held.map(({ line }) => line)) : held.length;
      return join(whole === 0 && held.length > mostHeld ? held.length : whole);
    },
    rest: () => join(held.length),
  };
}

function toEvent({ number, parsed, near, file }: { number: number; parsed: ParsedLine; near: UnixMs; file: string }, { files, service }: Request): Record<string, unknown> {
  const event = { line: number, time: new Date(parsed.time ?? near).toISOString(), severity: severityName(parsed.severityNumber), service, body: parsed.body, attributes: parsed.attributes };
  return files.length > 1 ? { file, ...event } : event;
}

/** The bytes of a file, unpacked when it is compressed (all members, however it is called). */
async function readFileBytes(file: string): Promise<Readable> {
  const bytes = createReadStream(file, { highWaterMark: 524_288 });
  if (!(await beginsCompressed(file))) return bytes;
  const plain = createGunzip({ chunkSize: 524_288 });
  // A broken archive reaches the reader through the unpacked stream.
  pipeline(bytes, plain).catch((error: Error) => plain.destroy(error));
  return plain;
}

async function beginsCompressed(file: string): Promise<boolean> {
  const about = await stat(file);
  if (!about.isFile()) return false;
  const handle = await open(file);
  const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0).finally(() => handle.close());
  return buffer[0] === 0x1f && buffer[1] === 0x8b;
}

/** The lines of a file, some hundreds of kilobytes at a time. */
async function* linesOf(file: string, declared: Encoding, io: ParseIo): AsyncGenerator<string[]> {
  let rest: Buffer | undefined;
  let encoding = declared;
  let skipping = false;
  let odd = 0;
  let long = 0;
  let first = true;
  const cut = (bytes: Buffer, end: boolean): string[] => {
    const result = cutLines(bytes, { encoding, skipping, end });
    rest = bytes.subarray(result.used);
    skipping = result.skipping;
    odd += result.undecodable;
    long += result.longLines;
    return result.lines;
  };
  for await (const chunk of await readFileBytes(file)) {
    let bytes: Buffer = rest && rest.length > 0 ? Buffer.concat([rest, chunk as Buffer]) : (chunk as Buffer);
    if (first) {
      const mark = encodingByMark(bytes);
      encoding = mark?.encoding ?? declared;
      bytes = bytes.subarray(mark?.length ?? 0);
      first = false;
    }
    yield cut(bytes, false);
  }
  if (rest && rest.length > 0) yield cut(rest, true);
  if (odd > 0) await io.err(`${file}: ${odd} lines hold bytes that are not ${encoding.name}; is --encoding right?\n`);
  if (long > 0) await io.err(`${file}: ${long} lines were longer than 65536 bytes and were cut\n`);
}

async function report(summary: LogSummary, request: Request, io: ParseIo): Promise<void> {
  if (request.summary && request.json) return void (await io.out(`${JSON.stringify(summary)}\n`));
  if (request.summary) return void (await io.out(describe(summary)));
  if (summary.malformed > 0) await io.err(`${summary.malformed} malformed lines left out: ${summary.malformedLines.join(', ')}${summary.malformed > summary.malformedLines.length ? ', …' : ''}\n`);
}

function describe(summary: LogSummary): string {
  const pairs = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  const { login, durationSeconds: spread } = summary;
  const rows: [string, string][] = [
    ['lines', `${summary.lines} (${summary.blank} blank, ${summary.malformed} malformed${summary.malformed > 0 ? `: ${summary.malformedLines.join(', ')}` : ''})`],
    ['events', String(summary.events)],
    ['from, to', `${summary.first ?? '–'}, ${summary.last ?? '–'}`],
    ['severity', pairs(summary.severity)],
    ['status', pairs(summary.status)],
    ['methods', pairs(summary.methods)],
    ['clients', String(summary.clients)],
    ['logins', `${login.accepted} accepted, ${login.failedEvents} failed in ${login.failedLines} lines from ${login.sources} sources; ${pairs(login.byReason)}`],
    ['seconds', spread.n === 0 ? 'no request times' : `p50 ${spread.p50}, p95 ${spread.p95}, max ${spread.max} of ${spread.n}`],
  ];
  return rows
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name.padEnd(9)} ${value}\n`)
    .join('');
}
