/** Writes ClickHouse's RowBinary: values one after another in column order, little-endian, no names. */
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

  int8(value: number): void {
    this.uint8(value & 0xff);
  }

  uint16(value: number): void {
    this.#room(2);
    this.#at = this.#bytes.writeUInt16LE(value, this.#at);
  }

  uint32(value: number): void {
    this.#room(4);
    this.#at = this.#bytes.writeUInt32LE(value, this.#at);
  }

  /** For whole numbers up to 2^53 in a 64-bit column, signed or not; the value must not be negative. */
  uint53(value: number): void {
    this.#room(8);
    this.#bytes.writeUInt32LE(value % 4_294_967_296, this.#at);
    this.#bytes.writeUInt32LE(Math.floor(value / 4_294_967_296), this.#at + 4);
    this.#at += 8;
  }

  uint64(value: bigint): void {
    this.#room(8);
    this.#at = this.#bytes.writeBigUInt64LE(value, this.#at);
  }

  float64(value: number): void {
    this.#room(8);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
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
    if (length > 42) {
      const size = Buffer.byteLength(text);
      this.varint(size);
      this.#room(size);
      this.#at += this.#bytes.write(text, this.#at);
      return;
    }
    // At most 126 bytes of UTF-8, so the length takes one byte and can be written last.
    this.#room(1 + 3 * length);
    const size = length === 0 ? 0 : this.#bytes.write(text, this.#at + 1);
    this.#bytes[this.#at] = size;
    this.#at += 1 + size;
  }

  #room(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const bigger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + more));
    this.#bytes.copy(bigger, 0, 0, this.#at);
    this.#bytes = bigger;
  }
}
