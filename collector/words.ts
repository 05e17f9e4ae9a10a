import { randomInt } from 'node:crypto';

/**
 * Words that repeat from line to line, each with a number: methods, routes, user agents. They are found by their bytes, so that
 * a word seen before costs no text. Number 0 is the empty word.
 */
export class Words {
  #bytes = Buffer.allocUnsafeSlow(16_384);
  #view = viewOf(this.#bytes);
  /** Where each word ends in `#bytes`; word n begins where word n - 1 ends. */
  #ends = new Uint32Array(256);
  /** Numbers plus one, by hash; never more than half full. */
  #table = new Uint32Array(512);
  #size = 0;
  readonly #byText = new Map<string, number>();
  readonly #texts: (string | undefined)[] = [];
  /** Secret, so that nobody can send words made to collide. */
  readonly #seed = randomInt(2 ** 31);
  #source: Buffer | undefined;
  #sourceView = this.#view;

  constructor() {
    this.idOf('');
  }

  get size(): number {
    return this.#size;
  }

  /** All of them together. */
  get byteLength(): number {
    return this.#end(this.#size - 1);
  }

  idOf(text: string): number {
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const bytes = Buffer.from(text);
    const id = this.idAt(bytes, 0, bytes.length);
    this.#byText.set(text, id);
    return id;
  }

  /** The number of the word that lies there; a new one gets the next. */
  idAt(source: Buffer, from: number, to: number): number {
    const slot = this.#slot(source, from, to);
    const known = this.#table[slot] ?? 0;
    return known > 0 ? known - 1 : this.#add(source.subarray(from, to), slot);
  }

  /** The number of the word that lies there, or -1. */
  find(source: Buffer, from: number, to: number): number {
    return (this.#table[this.#slot(source, from, to)] ?? 0) - 1;
  }

  bytesOf(id: number): Buffer {
    return this.#bytes.subarray(this.#end(id - 1), this.#end(id));
  }

  textOf(id: number): string {
    const known = this.#texts[id];
    if (known !== undefined) return known;
    const text = this.bytesOf(id).toString();
    this.#texts[id] = text;
    return text;
  }

  #end(id: number): number {
    return id < 0 ? 0 : (this.#ends[id] ?? 0);
  }

  /** Where in the table the word is, or would be. */
  #slot(source: Buffer, from: number, to: number): number {
    if (source !== this.#source) {
      this.#source = source;
      this.#sourceView = viewOf(source);
    }
    const mask = this.#table.length - 1;
    let slot = this.#hash(from, to) & mask;
    for (let entry = this.#table[slot] ?? 0; entry > 0; entry = this.#table[slot] ?? 0) {
      const start = this.#end(entry - 2);
      if (this.#end(entry - 1) - start === to - from && this.#same(start, from, to)) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** Eight bytes at a time, in two sums that need not wait for each other: user agents are long. */
  #hash(from: number, to: number): number {
    const view = this.#sourceView;
    let sum = this.#seed ^ (to - from);
    let other = ~sum;
    let at = from;
    for (; at + 8 <= to; at += 8) {
      sum = Math.imul(sum ^ view.getInt32(at, true), 0x9e3779b1);
      other = Math.imul(other ^ view.getInt32(at + 4, true), 0x85ebca6b);
      sum ^= sum >>> 15;
      other ^= other >>> 15;
    }
    for (; at < to; at++) sum = Math.imul(sum ^ view.getUint8(at), 0x85ebca6b);
    sum = Math.imul(sum ^ (sum >>> 13), 0xc2b2ae35) ^ Math.imul(other, 0x27d4eb2f);
    return sum ^ (sum >>> 16);
  }

  /** Whether the word that begins at `start` of ours is the one that lies there. */
  #same(start: number, from: number, to: number): boolean {
    const ours = this.#view;
    const view = this.#sourceView;
    let at = from;
    let own = start;
    for (; at + 4 <= to; at += 4, own += 4) if (view.getInt32(at, true) !== ours.getInt32(own, true)) return false;
    for (; at < to; at++, own++) if (view.getUint8(at) !== ours.getUint8(own)) return false;
    return true;
  }

  #add(word: Buffer, slot: number): number {
    const start = this.byteLength;
    const end = start + word.length;
    if (end > this.#bytes.length) {
      const more = Buffer.allocUnsafeSlow(2 * end);
      this.#bytes.copy(more, 0, 0, start);
      this.#bytes = more;
      this.#view = viewOf(more);
    }
    word.copy(this.#bytes, start);
    const id = this.#size++;
    if (id === this.#ends.length) {
      const more = new Uint32Array(2 * id);
      more.set(this.#ends);
      this.#ends = more;
    }
    this.#ends[id] = end;
    this.#table[slot] = id + 1;
    if (2 * this.#size > this.#table.length) this.#widen();
    return id;
  }

  #widen(): void {
    this.#table = new Uint32Array(2 * this.#table.length);
    for (let id = 0; id < this.#size; id++) {
      const slot = this.#slot(this.#bytes, this.#end(id - 1), this.#end(id));
      this.#table[slot] = id + 1;
    }
  }
}

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
