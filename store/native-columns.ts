import type { Words } from '#collector/words.ts';

/** Parts of ClickHouse's Native format: a column lies in one piece, with its name and type in front. */

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

export function counted(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([varint(bytes.length), bytes]);
}

export const uint64 = (value: number): Buffer => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);

type Numbers = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** The first so many elements as the bytes they are; this machine and ClickHouse both write the low byte first. */
export const bytesOf = (column: Numbers, elements: number): Buffer => Buffer.from(column.buffer, column.byteOffset, elements * column.BYTES_PER_ELEMENT);

/** Some of the words of one set, in the order they are wanted. */
export interface WordRun {
  words: Words;
  ids: Uint32Array;
}

export const dictionaryVersion = uint64(1);
/** Keys come along, and are to be added to what is there. */
const ownKeys = (1 << 9) | (1 << 10);

/** A LowCardinality(String) column without its version, which comes before everything else where the column is inside another. */
export function wordColumn(runs: readonly WordRun[]): Buffer[] {
  const rows = runs.reduce((sum, { ids }) => sum + ids.length, 0);
  if (rows === 0) return [];
  const keys = new Keys();
  let indexes: Indexes = new Uint8Array(rows);
  let row = 0;
  for (const { words, ids } of runs) {
    keys.speakOf(words);
    const [first] = ids;
    if (first !== undefined && isUniform(ids)) {
      const index = keys.indexOf(first);
      indexes = wideEnough(indexes, keys.count);
      indexes.fill(index, row, row + ids.length);
    } else indexes = keys.write(ids, { indexes, row });
    row += ids.length;
  }
  return [uint64(widthOf(indexes) | ownKeys), uint64(keys.count), keys.bytes(), uint64(rows), bytesOf(indexes, rows)];
}

type Indexes = Uint8Array | Uint16Array | Uint32Array;

const widthOf = ({ BYTES_PER_ELEMENT: bytes }: Indexes): number => bytes >> 1;

/** Columns begin narrow; few have more words than a byte can number. */
function wideEnough(indexes: Indexes, count: number): Indexes {
  if (count > 65_536) return indexes instanceof Uint32Array ? indexes : Uint32Array.from(indexes);
  return count > 256 && indexes instanceof Uint8Array ? Uint16Array.from(indexes) : indexes;
}

/** Where in the column being written the key of each word is: numbers from that column's base on, smaller ones are of columns before. */
let places = new Uint32Array(1_024);
let nextBase = 1;
const highestBase = 2 ** 31;

/** The keys of one column, in the order they first come. */
class Keys {
  readonly #keys: Buffer[] = [];
  readonly #byText = new Map<string, number>();
  #words: Words | undefined;
  #base = 0;

  get count(): number {
    return this.#keys.length;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#keys);
  }

  /** The ids that follow are of this set. */
  speakOf(words: Words): void {
    if (places.length < words.size) places = new Uint32Array(2 * words.size);
    if (words === this.#words) return;
    if (nextBase > highestBase) {
      places.fill(0);
      nextBase = 1;
    }
    this.#words = words;
    this.#base = nextBase;
  }

  indexOf(id: number): number {
    const place = places[id] as number;
    return place >= this.#base ? place - this.#base : this.#add(id);
  }

  /** Writes the index of each id from `row` on; gives back the column they are in, which may have become a wider one. */
  write(ids: Uint32Array, { indexes, row }: { indexes: Indexes; row: number }): Indexes {
    const known = places;
    const base = this.#base;
    let into = indexes;
    for (let own = 0; own < ids.length; own++) {
      const place = known[ids[own] as number] as number;
      if (place >= base) into[row + own] = place - base;
      else {
        const index = this.#add(ids[own] as number);
        into = wideEnough(into, this.count);
        into[row + own] = index;
      }
    }
    return into;
  }

  /** Two sets of words may hold the same one. */
  #add(id: number): number {
    const word = (this.#words as Words).bytesOf(id);
    const text = word.toString('latin1');
    const index = this.#byText.get(text) ?? this.#keys.push(counted(word)) - 1;
    this.#byText.set(text, index);
    places[id] = this.#base + index;
    nextBase = Math.max(nextBase, this.#base + index + 1);
    return index;
  }
}

/** The same word throughout, told by comparing the column with itself moved by one: many columns are like that, and it spares looking at each. */
function isUniform(ids: Uint32Array): boolean {
  const bytes = bytesOf(ids, ids.length);
  return bytes.subarray(4).equals(bytes.subarray(0, Math.max(0, bytes.length - 4)));
}
