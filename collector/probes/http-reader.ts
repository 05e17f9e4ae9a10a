/** Reads one HTTP/1 answer piece by piece, as strictly as a browser: what is no HTTP, or says two things at once, is an error. */

export interface Received {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  bytes: Buffer;
}

/** The peer said something that is no HTTP. */
export class BadAnswer extends Error {}

export interface ReaderOptions {
  method: string;
  /** Reading ends here: a probe looks at an answer, it does not download it. */
  maxBytes: number;
  /** Called once the head of the answer is there. */
  onHead(): void;
}

type State = 'head' | 'length' | 'close' | 'chunk size' | 'chunk' | 'chunk end' | 'trailer' | 'done';

const mostHeadBytes = 16_384;
const mostLineBytes = 1_024;
const firstRoom = 4_096;
const nothing = Buffer.alloc(0);

export class HttpReader {
  readonly #options: ReaderOptions;
  #state: State = 'head';
  /** Bytes of a head or line that is not whole yet. */
  #rest: Buffer = nothing;
  #status = 0;
  #headers: NodeJS.Dict<string | string[]> = {};
  #body: Buffer = nothing;
  #size = 0;
  /** Bytes still to come of the body or of the chunk. */
  #left = 0;
  #trailerBytes = 0;
  #mayKeep = false;
  #cut = false;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Takes what came; true once the answer is whole. */
  push(piece: Buffer): boolean {
    let bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    this.#rest = nothing;
    while (bytes.length > 0 && this.#state !== 'done') {
      const read = this.#read(bytes);
      if (read === 0) {
        this.#rest = bytes;
        return false;
      }
      bytes = bytes.subarray(read);
    }
    // More than was asked for: nobody can say what it belongs to.
    if (bytes.length > 0) this.#mayKeep = false;
    return this.#state === 'done';
  }

  /** The peer has closed; true when that is how this answer ends. */
  close(): boolean {
    if (this.#state === 'close') this.#state = 'done';
    this.#mayKeep = false;
    return this.#state === 'done';
  }

  received(): Received {
    return { status: this.#status, headers: this.#headers, bytes: this.#body.subarray(0, this.#size) };
  }

  /** Whether another request may follow over the same connection. */
  keepsOpen(): boolean {
    return this.#state === 'done' && this.#mayKeep && !this.#cut;
  }

  header(name: string): string {
    const value = this.#headers[name];
    return typeof value === 'string' ? value : (value ?? []).join(', ');
  }

  /** How many of these bytes were used up; 0 asks for more. */
  #read(bytes: Buffer): number {
    switch (this.#state) {
      case 'head':
        return this.#readHead(bytes);
      case 'close':
        return this.#keep(bytes);
      case 'length':
      case 'chunk': {
        const used = this.#keep(bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes);
        this.#left -= used;
        if (this.#left === 0 && !this.#cut) this.#state = this.#state === 'length' ? 'done' : 'chunk end';
        return used;
      }
      default:
        return this.#readLine(bytes);
    }
  }

  #readLine(bytes: Buffer): number {
    const end = bytes.indexOf('\r\n');
    if (end > mostLineBytes || (end < 0 && bytes.length > mostLineBytes)) throw new BadAnswer('a chunk that is no HTTP');
    if (end < 0) return 0;
    const line = bytes.toString('latin1', 0, end);
    if (this.#state === 'chunk end') {
      if (line !== '') throw new BadAnswer('a chunk longer than it said');
      this.#state = 'chunk size';
    } else if (this.#state === 'trailer') {
      this.#trailerBytes += end;
      if (this.#trailerBytes > mostHeadBytes) throw new BadAnswer(`trailers of more than ${mostHeadBytes} B`);
      if (line === '') this.#state = 'done';
    } else {
      const size = /^([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?$/.exec(line)?.[1];
      if (size === undefined) throw new BadAnswer('a chunk that is no HTTP');
      this.#left = Number.parseInt(size, 16);
      this.#state = this.#left === 0 ? 'trailer' : 'chunk';
    }
    return end + 2;
  }

  #readHead(bytes: Buffer): number {
    const end = bytes.indexOf('\r\n\r\n');
    if (end > mostHeadBytes || (end < 0 && bytes.length > mostHeadBytes)) throw new BadAnswer(`headers of more than ${mostHeadBytes} B`);
    if (end < 0) {
      if (!'HTTP/1.'.startsWith(bytes.toString('latin1', 0, Math.min(7, bytes.length)))) throw new BadAnswer('not HTTP/1');
      return 0;
    }
    const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
    const [, minor, status] = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\n]*)?$/.exec(first) ?? [];
    if (status === undefined) throw new BadAnswer('not HTTP/1');
    this.#status = Number(status);
    if (this.#status === 101) throw new BadAnswer('an upgrade nobody asked for');
    // 1xx answers come first and mean nothing to a probe.
    if (this.#status < 200) return end + 4;
    this.#headers = readHeaders(lines);
    this.#state = this.#framing();
    const connection = this.header('connection').toLowerCase();
    this.#mayKeep = this.#state !== 'close' && (minor === '1' ? !/\bclose\b/.test(connection) : /\bkeep-alive\b/.test(connection));
    this.#options.onHead();
    return end + 4;
  }

  #framing(): State {
    if (this.#options.method === 'HEAD' || this.#status === 204 || this.#status === 304) return 'done';
    const encoding = this.#headers['transfer-encoding'];
    const length = this.#headers['content-length'];
    if (encoding !== undefined) {
      if (length !== undefined) throw new BadAnswer('a length and an encoding at once');
      return /(?:^|,)\s*chunked$/i.test(this.header('transfer-encoding')) ? 'chunk size' : 'close';
    }
    if (length === undefined) return 'close';
    if (typeof length !== 'string' || !/^\d{1,15}$/.test(length)) throw new BadAnswer('a length that is none');
    this.#left = Number(length);
    return this.#left === 0 ? 'done' : 'length';
  }

  /** Keeps bytes of the body; the answer is over when there are as many as are wanted. */
  #keep(bytes: Buffer): number {
    const wanted = Math.min(bytes.length, this.#options.maxBytes - this.#size);
    // Most answers come in one piece, and need no copy.
    if (this.#size === 0) this.#body = bytes.subarray(0, wanted);
    else this.#append(bytes, wanted);
    this.#size += wanted;
    if (this.#size >= this.#options.maxBytes) {
      this.#cut = true;
      this.#state = 'done';
    }
    return bytes.length;
  }

  /** Into a buffer that doubles: ten thousand small pieces are not kept one by one. */
  #append(bytes: Buffer, wanted: number): void {
    if (this.#size + wanted > this.#body.length) {
      const room = Buffer.allocUnsafe(Math.min(this.#options.maxBytes, Math.max(firstRoom, this.#body.length * 2, this.#size + wanted)));
      this.#body.copy(room, 0, 0, this.#size);
      this.#body = room;
    }
    bytes.copy(this.#body, this.#size, 0, wanted);
  }
}

function readHeaders(lines: readonly string[]): NodeJS.Dict<string | string[]> {
  const headers: NodeJS.Dict<string | string[]> = Object.create(null) as NodeJS.Dict<string | string[]>;
  for (const line of unfolded(lines)) {
    const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([^\0\r\n]*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new BadAnswer('a header that is none');
    const key = name.toLowerCase();
    const before = headers[key];
    const text = value.trimEnd();
    headers[key] = before === undefined ? text : [...(typeof before === 'string' ? [before] : before), text];
  }
  return headers;
}

/** A line that begins with a blank goes on with the one before; old servers still write so. */
function unfolded(lines: readonly string[]): readonly string[] {
  if (!lines.some((line) => line.startsWith(' ') || line.startsWith('\t'))) return lines;
  const whole: string[] = [];
  for (const line of lines) {
    const before = whole.at(-1);
    if (/^[ \t]/.test(line) && before !== undefined) whole[whole.length - 1] = `${before} ${line.trim()}`;
    else whole.push(line);
  }
  return whole;
}
