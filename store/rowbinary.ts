const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);

/** Shorter texts are copied character by character: calling into the runtime for each costs more than the copy. */
const shortText = 40;

/**
 * Writes ClickHouse's RowBinary: values one after another in column order, little-endian, no names.
 * Bytes are set one by one on purpose; this is the innermost loop of ingest.
 */
export class RowBinaryWriter {
  #bytes: Buffer;
  #at = 0;

  constructor(expectedBytes = 65_536) {
    this.#bytes = Buffer.allocUnsafe(Math.max(1_024, expectedBytes));
  }

  get length(): number {
    return this.#at;
  }

  /** What was written; the writer may not be used after that. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  uint8(value: number): void {
    this.#room(1);
    this.#bytes[this.#at++] = value;
  }

  uint16(value: number): void {
    this.#room(2);
    this.#bytes[this.#at++] = value;
    this.#bytes[this.#at++] = value >>> 8;
  }

  uint32(value: number): void {
    this.#room(4);
    this.#bytes[this.#at++] = value;
    this.#bytes[this.#at++] = value >>> 8;
    this.#bytes[this.#at++] = value >>> 16;
    this.#bytes[this.#at++] = value >>> 24;
  }

  /** For whole numbers up to 2^53 in a 64-bit column, signed or not; the value must not be negative. */
  uint53(value: number): void {
    const high = Math.floor(value / 4_294_967_296);
    this.uint32(value - high * 4_294_967_296);
    this.uint32(high);
  }

  uint64(value: bigint): void {
    this.#room(8);
    this.#at = this.#bytes.writeBigUInt64LE(value, this.#at);
  }

  float64(value: number): void {
    this.#room(8);
    float[0] = value;
    this.#bytes.set(floatBytes, this.#at);
    this.#at += 8;
  }

  /** The byte in front of a Nullable value. */
  nullMark(isNull: boolean): void {
    this.uint8(isNull ? 1 : 0);
  }

  varint(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#at++] = rest;
  }

  string(text: string): void {
    const { length } = text;
    if (length > shortText) {
      this.#longString(text);
      return;
    }
    this.#room(1 + 3 * length);
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start + 1;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 127) {
        // At most 120 bytes of UTF-8, so the length still takes one byte.
        at = start + 1 + bytes.write(text, start + 1);
        break;
      }
      bytes[at++] = code;
    }
    bytes[start] = at - start - 1;
    this.#at = at;
  }

  #longString(text: string): void {
    const size = Buffer.byteLength(text);
    this.varint(size);
    this.#room(size);
    this.#at += size === text.length ? this.#bytes.write(text, this.#at, 'latin1') : this.#bytes.write(text, this.#at);
  }

  #room(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const bigger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + more));
    this.#bytes.copy(bigger, 0, 0, this.#at);
    this.#bytes = bigger;
  }
}
