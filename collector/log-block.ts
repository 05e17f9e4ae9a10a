import { unixMs } from '#lib/time.ts';
import type { AttributeValue, LogRecord } from './log.ts';
import { TextColumn } from './text-column.ts';
import { Words } from './words.ts';

/** Columns of words that repeat. */
export const wordColumns = ['service', 'source', 'severityText', 'method', 'route', 'userAgent', 'outcome', 'errorType', 'loginOutcome', 'loginReason', 'loginMethod'] as const;
export type WordColumn = (typeof wordColumns)[number];

/** Attributes with a column of their own; the rest goes along as pairs. */
const wordOf: Readonly<Record<string, WordColumn>> = {
  'http.request.method': 'method',
  'http.route': 'route',
  'user_agent.original': 'userAgent',
  outcome: 'outcome',
  'error.type': 'errorType',
  'login.outcome': 'loginOutcome',
  'login.reason': 'loginReason',
  'login.method': 'loginMethod',
};
const textOf = { 'url.path': 'path', 'client.address': 'client', 'user.name': 'user' } as const;
const numbers = { status: 'http.response.status_code', seconds: 'http.server.request.duration', size: 'http.response.body.size', loginCount: 'login.count' } as const;
const columnOf = new Set([...Object.keys(wordOf), ...Object.keys(textOf), ...Object.values(numbers)]);

/** What a time column can hold and a retention can mean: 1970 to 2099. Anything else is a misread time. */
const latestMs = 4_102_444_799_999;
export const isPossible = (at: number): boolean => at >= 0 && at <= latestMs;
const within = (at: number): number => (isPossible(at) ? Math.floor(at) : at > latestMs ? latestMs : 0);
const whole = (value: number, largest: number): number => (Number.isFinite(value) ? Math.min(largest, Math.max(0, Math.round(value))) : 0);
const text = (value: AttributeValue | undefined): string => (typeof value === 'string' ? value : value === undefined ? '' : String(value));
const amount = (value: AttributeValue | undefined): number => (typeof value === 'number' ? value : value === undefined || value === '' ? Number.NaN : Number(value));

const slowSeconds = 1;
const errorSeverity = 17;
const firstRows = 64;
const two32 = 4_294_967_296;

/**
 * Log records by columns, as they go to the store: half the memory of records, no work for the garbage collector, and nothing
 * left to do when they are sent. A format may write rows straight into it; every other record is added as it is.
 */
export class LogBlock {
  words: Words;
  count = 0;
  /** Two halves of 64 bits, low first. */
  at = new Uint32Array(2 * firstRows);
  observed = new Uint32Array(2 * firstRows);
  size = new Uint32Array(2 * firstRows);
  severity = new Uint8Array(firstRows);
  status = new Uint16Array(firstRows);
  seconds = new Float64Array(firstRows);
  /** 1 where there is none. */
  untimed = new Uint8Array(firstRows);
  unsized = new Uint8Array(firstRows);
  loginCount = new Uint32Array(firstRows);
  /** How many pairs there are up to the end of each row. */
  pairEnds = new Uint32Array(firstRows);
  /** Numbers of words. */
  readonly ids = Object.fromEntries(wordColumns.map((name) => [name, new Uint32Array(firstRows)])) as Record<WordColumn, Uint32Array<ArrayBuffer>>;
  readonly body = new TextColumn();
  readonly path = new TextColumn();
  readonly client = new TextColumn();
  readonly user = new TextColumn();
  keys = new Uint32Array(firstRows);
  pairs = 0;
  readonly values = new TextColumn();

  constructor(words = new Words()) {
    this.words = words;
  }

  /** Bytes of memory it takes, roughly. */
  get capacity(): number {
    const texts = [this.body, this.path, this.client, this.user, this.values].reduce((sum, column) => sum + column.capacity, 0);
    return texts + this.severity.length * 90 + 4 * this.keys.length;
  }

  /** Whether rows from this one on tell of what alert rules count: errors, failed logins, slow answers. */
  tellsOfTrouble(from: number): boolean {
    const [error, failed] = [this.words.idOf('error'), this.words.idOf('failed')];
    for (let row = from; row < this.count; row++) {
      const bad = (this.severity[row] as number) >= errorSeverity || this.ids.outcome[row] === error || this.ids.loginOutcome[row] === failed;
      if (bad || (this.seconds[row] as number) >= slowSeconds) return true;
    }
    return false;
  }

  services(): string[] {
    const { service } = this.ids;
    const found = new Set<number>();
    for (let row = 0; row < this.count; row++) if (row === 0 || service[row] !== service[row - 1]) found.add(service[row] as number);
    return [...found].map((id) => this.words.textOf(id));
  }

  /** Empty again, with the memory it has. */
  clear(words: Words): void {
    for (const column of [this.body, this.path, this.client, this.user, this.values]) column.clear();
    for (const column of [this.seconds, this.untimed, this.unsized, this.loginCount, ...Object.values(this.ids)]) column.fill(0, 0, this.count);
    this.size.fill(0, 0, 2 * this.count);
    this.words = words;
    this.count = 0;
    this.pairs = 0;
  }

  add(record: LogRecord): void {
    const { attributes } = record;
    const row = this.newRow();
    // A time no clock could have shown is kept as an attribute; the record is filed under when it was seen.
    const misread = !isPossible(record.timestamp);
    put64(this.at, row, within(misread ? record.observedTimestamp : record.timestamp));
    put64(this.observed, row, within(record.observedTimestamp));
    this.severity[row] = whole(record.severityNumber, 24);
    this.#addNumbers(row, attributes);
    this.ids.service[row] = this.words.idOf(record.service);
    this.ids.source[row] = this.words.idOf(record.source);
    this.ids.severityText[row] = this.words.idOf(record.severityText);
    for (const name in wordOf) {
      const value = attributes[name];
      if (value !== undefined) this.ids[wordOf[name] as WordColumn][row] = this.words.idOf(text(value));
    }
    this.body.push(record.body);
    for (const [name, column] of Object.entries(textOf)) this[column].push(text(attributes[name]));
    if (misread) this.addPair(this.words.idOf('log.timestamp.original'), String(record.timestamp));
    for (const name in attributes) if (!columnOf.has(name)) this.addPair(this.words.idOf(name), text(attributes[name]));
    this.pairEnds[row] = this.pairs;
  }

  #addNumbers(row: number, attributes: LogRecord['attributes']): void {
    this.status[row] = whole(amount(attributes[numbers.status]), 65_535);
    const seconds = amount(attributes[numbers.seconds]);
    const timed = Number.isFinite(seconds) && seconds >= 0;
    this.untimed[row] = timed ? 0 : 1;
    this.seconds[row] = timed ? seconds : 0;
    const size = amount(attributes[numbers.size]);
    const sized = Number.isSafeInteger(size) && size >= 0;
    this.unsized[row] = sized ? 0 : 1;
    put64(this.size, row, sized ? size : 0);
    const count = attributes[numbers.loginCount];
    this.loginCount[row] = count === undefined ? (attributes['login.outcome'] ? 1 : 0) : whole(amount(count), 4_294_967_295);
  }

  /** The number of a row to be filled; its columns of texts and its `pairEnds` are for the caller to push. */
  newRow(): number {
    if (this.count === this.severity.length) this.#grow(4 * this.count);
    return this.count++;
  }

  addPair(key: number, value: string): void {
    this.newPair(key);
    this.values.push(value);
  }

  /** A pair whose value the caller pushes. */
  newPair(key: number): void {
    if (this.pairs === this.keys.length) this.keys = longer(this.keys, 4 * this.pairs);
    this.keys[this.pairs++] = key;
  }

  /** The records again, for whoever needs them one by one. What had no column of its own comes back as text. */
  records(): LogRecord[] {
    const [body, path, client, user, values] = [this.body, this.path, this.client, this.user, this.values].map((column) => column.texts()) as [string[], string[], string[], string[], string[]];
    return Array.from({ length: this.count }, (_, row) => {
      const attributes: Record<string, AttributeValue> = {};
      for (const [name, column] of Object.entries(wordOf)) if (this.ids[column][row]) attributes[name] = this.#word(column, row);
      for (const [name, texts] of [
        ['url.path', path],
        ['client.address', client],
        ['user.name', user],
      ] as const)
        if (texts[row]) attributes[name] = texts[row];
      if (this.status[row]) attributes[numbers.status] = this.status[row] as number;
      if (!this.untimed[row]) attributes[numbers.seconds] = this.seconds[row] as number;
      if (!this.unsized[row]) attributes[numbers.size] = get64(this.size, row);
      if (this.loginCount[row] || this.ids.loginOutcome[row]) attributes[numbers.loginCount] = this.loginCount[row] as number;
      for (let pair = row === 0 ? 0 : (this.pairEnds[row - 1] as number); pair < (this.pairEnds[row] as number); pair++) attributes[this.words.textOf(this.keys[pair] as number)] = values[pair] ?? '';
      return {
        timestamp: unixMs(get64(this.at, row)),
        observedTimestamp: unixMs(get64(this.observed, row)),
        severityNumber: this.severity[row] as number,
        severityText: this.#word('severityText', row),
        service: this.#word('service', row),
        source: this.#word('source', row),
        body: body[row] ?? '',
        attributes,
      };
    });
  }

  #word(column: WordColumn, row: number): string {
    return this.words.textOf(this.ids[column][row] as number);
  }

  #grow(rows: number): void {
    this.at = longer(this.at, 2 * rows);
    this.observed = longer(this.observed, 2 * rows);
    this.size = longer(this.size, 2 * rows);
    this.severity = longer(this.severity, rows);
    this.status = longer(this.status, rows);
    this.seconds = longer(this.seconds, rows);
    this.untimed = longer(this.untimed, rows);
    this.unsized = longer(this.unsized, rows);
    this.loginCount = longer(this.loginCount, rows);
    this.pairEnds = longer(this.pairEnds, rows);
    for (const name of wordColumns) this.ids[name] = longer(this.ids[name], rows);
  }
}

type Numbers = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

function longer<Column extends Numbers>(column: Column, length: number): Column {
  const more = new (column.constructor as new (length: number) => Column)(length);
  more.set(column);
  return more;
}

export function put64(column: Uint32Array, row: number, value: number): void {
  const high = Math.floor(value / two32);
  column[2 * row] = value - high * two32;
  column[2 * row + 1] = high;
}

const get64 = (column: Uint32Array, row: number): number => (column[2 * row + 1] as number) * two32 + (column[2 * row] as number);
