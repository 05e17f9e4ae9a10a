import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import type { Clock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';
import { type ClickHouseFault, httpStatus } from './fault.ts';
import type { Ask } from './request.ts';
import type { Sink, Tally } from './run.ts';

/** A result smaller than this is sent whole, so that an error late in it still gets its own status. */
const holdBytes = 262_144;
const holdMs = durationMs(100);

export interface ServerFacts {
  version: string;
  zone: string;
}

export interface Counts extends Tally {
  elapsedNs: number;
}

/** Writes one answer: holds the beginning back, then streams, and says a late failure inside the body as a server does. */
export class Answer implements Sink {
  readonly #response: ServerResponse;
  readonly #ask: Ask;
  readonly #clock: Clock;
  readonly #facts: ServerFacts;
  readonly #exceptionTag = randomBytes(8).toString('hex');
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #out: Writable | undefined;
  #cancelTimer = () => {};
  readonly progress: string[] = [];
  format: string;

  constructor(response: ServerResponse, ask: Ask, { clock, facts }: { clock: Clock; facts: ServerFacts }) {
    this.#response = response;
    this.#ask = ask;
    this.#clock = clock;
    this.#facts = facts;
    this.format = ask.format;
  }

  get closed(): boolean {
    return this.#response.destroyed || this.#response.closed;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#out) return this.#send(this.#out, bytes);
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#ask.waitForEnd) return;
    // A format that tells progress is for watching: nothing of it is held back.
    if (this.#heldBytes > holdBytes || this.format.endsWith('WithProgress')) await this.#send(this.#start({}), new Uint8Array(0));
    else if (this.#held.length === 1) this.#cancelTimer = this.#clock.after(holdMs, () => !this.#out && !this.closed && this.#start({}));
  }

  end(counts: Counts): void {
    this.#cancelTimer();
    const out = this.#out ?? this.#start({ 'X-ClickHouse-Summary': summary(counts) });
    out.end();
  }

  fail(fault: ClickHouseFault): void {
    this.#cancelTimer();
    if (this.closed) return;
    const text = `${fault.message} (version ${this.#facts.version})\n`;
    if (this.#out) {
      this.#out.end(`\r\n__exception__\r\n${this.#exceptionTag}\r\n${text}${Buffer.byteLength(text)} ${this.#exceptionTag}\r\n__exception__\r\n`);
      return;
    }
    this.#held = [Buffer.from(text)];
    this.#heldBytes = this.#held[0]?.length ?? 0;
    this.format = 'Exception';
    this.#response.statusCode = httpStatus(fault.code);
    this.#start({ 'X-ClickHouse-Exception-Code': String(fault.code), ...(fault.code === 516 ? { 'WWW-Authenticate': 'Basic realm="ClickHouse server HTTP API"' } : {}) }).end();
  }

  #start(more: Record<string, string>): Writable {
    this.#cancelTimer();
    const response = this.#response;
    const headers: Record<string, string | string[]> = {
      'Content-Type': contentType(this.format),
      'X-ClickHouse-Server-Display-Name': 'fenghuo-embedded',
      'X-ClickHouse-Query-Id': this.#ask.queryId,
      'X-ClickHouse-Timezone': this.#facts.zone,
      'X-ClickHouse-Exception-Tag': this.#exceptionTag,
      ...(this.format === 'Exception' ? {} : { 'X-ClickHouse-Format': this.format }),
      ...(this.progress.length > 0 ? { 'X-ClickHouse-Progress': this.progress } : {}),
      ...more,
    };
    if (this.#ask.compress && this.#heldBytes > 0) headers['Content-Encoding'] = 'gzip';
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    this.#out = response;
    if (headers['Content-Encoding']) {
      const gzip = createGzip({ level: 3, flush: constants.Z_SYNC_FLUSH });
      gzip.pipe(response);
      this.#out = gzip;
    } else if ('X-ClickHouse-Summary' in more || this.format === 'Exception') response.setHeader('Content-Length', this.#heldBytes);
    for (const bytes of this.#held) this.#out.write(bytes);
    this.#held = [];
    return this.#out;
  }

  async #send(out: Writable, bytes: Uint8Array): Promise<void> {
    if ((bytes.length > 0 && out.write(bytes)) || !out.writableNeedDrain || this.closed) return;
    await Promise.race([once(out, 'drain'), once(this.#response, 'close')]);
  }
}

const summary = (counts: Counts): string =>
  JSON.stringify({
    read_rows: String(counts.readRows),
    read_bytes: String(counts.readBytes),
    written_rows: String(counts.writtenRows),
    written_bytes: String(counts.writtenBytes),
    total_rows_to_read: '0',
    result_rows: String(counts.resultRows),
    result_bytes: String(counts.resultBytes),
    elapsed_ns: String(counts.elapsedNs),
  });

function contentType(format: string): string {
  if (/^(JSON(Each|Compact.*Each|Strings.*Each|Lines)|NDJSON)/i.test(format) || /JSON.*EachRow/i.test(format)) return 'application/x-ndjson; charset=UTF-8';
  if (/^JSON/i.test(format)) return 'application/json; charset=UTF-8';
  if (/^(TabSeparated|TSV)/i.test(format)) return 'text/tab-separated-values; charset=UTF-8';
  if (/^CSV/i.test(format)) return `text/csv; charset=UTF-8; header=${/Names/i.test(format) ? 'present' : 'absent'}`;
  if (/^(RowBinary|Native|Parquet|Arrow|ORC|Avro|Protobuf|MsgPack|CapnProto|BSON)/i.test(format)) return 'application/octet-stream';
  return 'text/plain; charset=UTF-8';
}
