const blank = 32;
const quote = 34;
const longestKey = 24;

/** The fields behind the user agent, from bytes; as `readTail` reads them from text. */
export class TailBytes {
  /** The request time; -1 when none is given. */
  seconds = -1;
  codeFrom = -1;
  codeEnd = -1;

  /** False when the line is malformed. */
  read(bytes: Buffer, from: number, to: number): boolean {
    this.seconds = -1;
    this.codeFrom = -1;
    for (let at = from; at < to; ) {
      if (bytes[at] !== blank) return false;
      const first = at + 1;
      const equals = keyEnd(bytes, first, to);
      let start = equals < 0 ? first : equals + 1;
      let end: number;
      if (start < to && bytes[start] === quote) {
        end = ++start;
        while (end < to && bytes[end] !== quote) end++;
        if (end === to) return false;
        at = end + 1;
      } else {
        end = start;
        while (end < to && bytes[end] !== blank) end++;
        at = end;
      }
      this.#keep(bytes, { key: first, equals, start, end });
    }
    return true;
  }

  #keep(bytes: Buffer, { key, equals, start, end }: { key: number; equals: number; start: number; end: number }): void {
    const length = equals - key;
    if (equals >= 0 && length === 4 && is(bytes, key, 'code')) {
      if (this.codeFrom >= 0) return;
      this.codeFrom = start;
      this.codeEnd = end;
    } else if (equals < 0 || (length === 2 && is(bytes, key, 'rt')) || (length === 12 && is(bytes, key, 'request_time'))) {
      if (this.seconds < 0) this.seconds = decimal(bytes, { start, end, wholeToo: equals >= 0 });
    }
  }
}

function is(bytes: Buffer, at: number, word: string): boolean {
  for (let index = 0; index < word.length; index++) if (bytes[at + index] !== word.charCodeAt(index)) return false;
  return true;
}

/** The `=` of `key=value`, or -1. */
function keyEnd(bytes: Buffer, from: number, to: number): number {
  for (let index = from; index < to && index - from < longestKey; index++) {
    const code = bytes[index] as number;
    if (code === 61) return index > from ? index : -1;
    if (!((code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95)) return -1;
  }
  return -1;
}

/** Powers of ten that a number with at most fifteen digits can be divided by without a second rounding. */
const powers = Array.from({ length: 17 }, (_, index) => 10 ** index);

/** A plain decimal number, or -1. */
function decimal(bytes: Buffer, { start, end, wholeToo }: { start: number; end: number; wholeToo: boolean }): number {
  if (end === start || end - start > 16) return -1;
  let point = -1;
  let digits = 0;
  for (let index = start; index < end; index++) {
    const code = bytes[index] as number;
    if (code === 46 && point < 0 && index > start && index < end - 1) point = index;
    else if (code < 48 || code > 57) return -1;
    else digits = digits * 10 + code - 48;
  }
  if (point < 0) return wholeToo ? digits : -1;
  return digits / (powers[end - point - 1] as number);
}
