import { Words } from '#collector/words.ts';

const deepest = 8;
const longest = 1_024;

/**
 * Routes of paths that lie in bytes, as numbers of words. Only routes seen before are found here; what they are, and how many may
 * be, stays with the reader of routes that is handed in.
 */
export class RouteWords {
  readonly #routeFor: (path: string) => string;
  readonly #known = new Words();
  /** By their number in `#known`: the number in the words of the block. */
  #numbers: number[] = [];
  #words = this.#known;
  readonly #collapsed = Buffer.alloc(longest + 4);

  constructor(routeFor: (path: string) => string) {
    this.#routeFor = routeFor;
  }

  /** Numbers are of this set from now on. */
  speakIn(words: Words): void {
    if (words === this.#words) return;
    this.#words = words;
    this.#numbers = [];
  }

  /** The number of the route of the path that lies there, or -1 when not sure. */
  find(bytes: Buffer, from: number, to: number): number {
    const length = this.#collapse(bytes, from, to);
    if (length < 0) return -1;
    const id = this.#known.find(this.#collapsed, 0, length);
    const number = id < 0 ? undefined : this.#numbers[id];
    if (number !== undefined) return number;
    const route = this.#routeFor(bytes.toString('latin1', from, to));
    const found = this.#words.idOf(route);
    // Beyond the most routes there may be, every new one is the same.
    if (route === this.#collapsed.toString('latin1', 0, length)) this.#numbers[this.#known.idAt(this.#collapsed, 0, length)] = found;
    return found;
  }

  /** Writes the path with its ids taken out; returns how long it is, or -1 when the path is an unusual one. */
  #collapse(bytes: Buffer, from: number, to: number): number {
    if (to - from > longest) return -1;
    const collapsed = this.#collapsed;
    let length = 0;
    let depth = 0;
    for (let start = from; start <= to; depth++) {
      if (depth > deepest) return start < to ? -1 : length;
      // Each segment is copied while it is looked at, and taken back where it turns out to be an id.
      const begin = length;
      let counts = 0;
      let end = start;
      for (; end < to; end++) {
        const code = bytes[end] as number;
        if (code === 47) break;
        collapsed[length++] = code;
        counts += countOf[code] as number;
      }
      const kind = kindOf(end - start, counts);
      if (kind === unsure) return -1;
      if (kind === isId) {
        length = begin + 4;
        if (length > longest - 4) return -1;
        collapsed.writeUInt32BE(idText, begin);
      }
      if (end < to) collapsed[length++] = 47;
      start = end + 1;
    }
    return length;
  }
}

/** `{id}` */
const idText = 0x7b_69_64_7d;

/** What a character adds to the counts of its segment: ten bits for digits, ten for letters a to f, the rest for asterisks. */
const countOf = new Uint32Array(256);
for (const code of Buffer.from('0123456789')) countOf[code] = 1;
for (const code of Buffer.from('abcdefABCDEF')) countOf[code] = 1 << 10;
countOf[42] = 1 << 20;

const isName = 0;
const isId = 1;
const unsure = 2;

function kindOf(length: number, counts: number): number {
  const digits = counts & 1_023;
  const hex = (counts >>> 10) & 1_023;
  if (length === 0) return isName;
  if (counts >= 1 << 20 || digits === length || digits >= 8 || length > 80) return isId;
  if (digits > 0 && digits + hex === length && length >= 16) return isId;
  return digits > 0 && length === 36 ? unsure : isName;
}
