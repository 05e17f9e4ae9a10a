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
  #words: Words | undefined;
  readonly #collapsed = Buffer.alloc(longest + 4);

  constructor(routeFor: (path: string) => string) {
    this.#routeFor = routeFor;
  }

  /** The number in `words`, or -1 when not sure. */
  find(bytes: Buffer, { from, to, words }: { from: number; to: number; words: Words }): number {
    if (words !== this.#words) {
      this.#words = words;
      this.#numbers = [];
    }
    const length = this.#collapse(bytes, from, to);
    if (length < 0) return -1;
    const id = this.#known.find(this.#collapsed, 0, length);
    const number = id < 0 ? undefined : this.#numbers[id];
    if (number !== undefined) return number;
    const route = this.#routeFor(bytes.toString('latin1', from, to));
    const found = words.idOf(route);
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
      const kind = this.#segment(bytes, start, to);
      const end = kind >> 2;
      if ((kind & 3) === unsure) return -1;
      if ((kind & 3) === isId) {
        collapsed[length++] = 123;
        collapsed[length++] = 105;
        collapsed[length++] = 100;
        collapsed[length++] = 125;
        if (length > longest - 4) return -1;
      } else for (let index = start; index < end; index++) collapsed[length++] = bytes[index] as number;
      if (end < to) collapsed[length++] = 47;
      start = end + 1;
    }
    return length;
  }

  /** Where the segment ends, and beside it what it is. */
  #segment(bytes: Buffer, start: number, to: number): number {
    let digits = 0;
    let hex = 0;
    let end = start;
    let masked = false;
    for (; end < to; end++) {
      const code = bytes[end] as number;
      if (code === 47) break;
      if (code >= 48 && code <= 57) digits++;
      else if ((code >= 97 && code <= 102) || (code >= 65 && code <= 70)) hex++;
      else if (code === 42) masked = true;
    }
    const length = end - start;
    if (length === 0) return (end << 2) | isName;
    if (masked || digits === length || digits >= 8 || length > 80) return (end << 2) | isId;
    if (digits > 0 && digits + hex === length && length >= 16) return (end << 2) | isId;
    return (end << 2) | (digits > 0 && length === 36 ? unsure : isName);
  }
}

const isName = 0;
const isId = 1;
const unsure = 2;
