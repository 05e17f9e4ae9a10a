/** Shorter pieces are copied byte by byte: calling into the runtime for each costs more than the copy. */
const short = 24;

/** Texts behind one another, each with its length in front as a varint: the form in which ClickHouse takes a column of them. */
export class TextColumn {
  #bytes = Buffer.allocUnsafeSlow(1_024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get capacity(): number {
    return this.#bytes.length;
  }

  clear(): void {
    this.#length = 0;
  }

  /** Valid until the next push. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  push(text: string): void {
    const size = Buffer.byteLength(text);
    this.#begin(size);
    this.#length += size === text.length ? this.#bytes.write(text, this.#length, 'latin1') : this.#bytes.write(text, this.#length);
  }

  pushEmpty(): void {
    this.#begin(0);
  }

  /** The bytes of `source` from `from` to `to`, which are UTF-8. */
  pushBytes(source: Buffer, from: number, to: number): void {
    const size = to - from;
    this.#begin(size);
    if (size <= short) {
      const bytes = this.#bytes;
      let at = this.#length;
      for (let index = from; index < to; index++) bytes[at++] = source[index] as number;
    } else source.copy(this.#bytes, this.#length, from, to);
    this.#length += size;
  }

  /** Every text, in order. */
  texts(): string[] {
    return textsOf(this.bytes);
  }

  /** Makes room and writes the length. */
  #begin(size: number): void {
    const need = this.#length + size + 5;
    if (need > this.#bytes.length) {
      const more = Buffer.allocUnsafeSlow(Math.max(need, 2 * this.#bytes.length));
      this.#bytes.copy(more, 0, 0, this.#length);
      this.#bytes = more;
    }
    let rest = size;
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }
}

/** The texts of such a column, in order. */
export function textsOf(column: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < column.length; ) {
    let size = 0;
    let scale = 1;
    let byte: number;
    do {
      byte = column[at++] ?? 0;
      size += (byte & 127) * scale;
      scale *= 128;
    } while (byte > 127);
    texts.push(column.toString('utf8', at, at + size));
    at += size;
  }
  return texts;
}
