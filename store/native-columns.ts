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
  const keys: Buffer[] = [];
  const byText = new Map<string, number>();
  const places = new Map<Words, Int32Array>();
  const found = new Uint32Array(rows);
  let row = 0;
  for (const { words, ids } of runs) {
    let place = places.get(words);
    if (!place || place.length < words.size) {
      place = new Int32Array(words.size).fill(-1);
      places.set(words, place);
    }
    for (const id of ids) {
      let at = place[id] as number;
      if (at < 0) {
        at = keyOf(words.bytesOf(id), { keys, byText });
        place[id] = at;
      }
      found[row++] = at;
    }
  }
  const width = keys.length <= 256 ? 0 : keys.length <= 65_536 ? 1 : 2;
  const narrow = width === 0 ? Uint8Array.from(found) : width === 1 ? Uint16Array.from(found) : found;
  return [uint64(width | ownKeys), uint64(keys.length), Buffer.concat(keys), uint64(rows), bytesOf(narrow, rows)];
}

/** Two sets of words may hold the same one. */
function keyOf(word: Buffer, { keys, byText }: { keys: Buffer[]; byText: Map<string, number> }): number {
  const text = word.toString('latin1');
  const known = byText.get(text);
  if (known !== undefined) return known;
  byText.set(text, keys.length);
  return keys.push(counted(word)) - 1;
}
