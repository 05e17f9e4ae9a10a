import type { LogBlock, WordColumn } from '#collector/log-block.ts';
import { bytesOf, counted, dictionaryVersion, varint, wordColumn } from './native-columns.ts';

type Pieces = (blocks: readonly LogBlock[]) => Buffer[];

interface Column {
  name: string;
  type: string;
  pieces: Pieces;
}

const each = (name: string, type: string, piece: (block: LogBlock) => Buffer): Column => ({ name, type, pieces: (blocks) => blocks.map(piece) });
const instants = (name: string, at: (block: LogBlock) => Uint32Array): Column => each(name, "DateTime64(3, 'UTC')", (block) => bytesOf(at(block), 2 * block.count));
const words = (name: string, column: WordColumn): Column => ({
  name,
  type: 'LowCardinality(String)',
  pieces: (blocks) => [dictionaryVersion, ...wordColumn(blocks.map((block) => ({ words: block.words, ids: block.ids[column].subarray(0, block.count) })))],
});
const texts = (name: string, column: 'body' | 'path' | 'client' | 'user'): Column => each(name, 'String', (block) => block[column].bytes);

/** Where values may be missing, a byte for each row says so, all of them first. */
const nullable = (name: string, type: string, { missing, values }: { missing: (block: LogBlock) => Uint8Array; values: (block: LogBlock) => Buffer }): Column => ({
  name,
  type: `Nullable(${type})`,
  pieces: (blocks) => [...blocks.map((block) => bytesOf(missing(block), block.count)), ...blocks.map(values)],
});

/** A map is where each row's pairs end, then all keys, then all values. */
function pairs(blocks: readonly LogBlock[]): Buffer[] {
  const rows = blocks.reduce((sum, { count }) => sum + count, 0);
  const ends = new Uint32Array(2 * rows);
  let row = 0;
  let before = 0;
  for (const block of blocks) {
    for (let own = 0; own < block.count; own++) ends[2 * row++] = before + (block.pairEnds[own] as number);
    before += block.pairs;
  }
  const keys = wordColumn(blocks.map((block) => ({ words: block.words, ids: block.keys.subarray(0, block.pairs) })));
  return [dictionaryVersion, bytesOf(ends, 2 * rows), ...keys, ...blocks.map((block) => block.values.bytes)];
}

const columns: readonly Column[] = [
  instants('timestamp', ({ at }) => at),
  instants('observed', ({ observed }) => observed),
  words('service', 'service'),
  words('source', 'source'),
  each('severity', 'UInt8', ({ severity, count }) => bytesOf(severity, count)),
  words('severity_text', 'severityText'),
  texts('body', 'body'),
  words('method', 'method'),
  words('route', 'route'),
  texts('path', 'path'),
  each('status', 'UInt16', ({ status, count }) => bytesOf(status, count)),
  nullable('duration_s', 'Float64', { missing: ({ untimed }) => untimed, values: ({ seconds, count }) => bytesOf(seconds, count) }),
  nullable('bytes', 'UInt64', { missing: ({ unsized }) => unsized, values: ({ size, count }) => bytesOf(size, 2 * count) }),
  texts('client', 'client'),
  words('user_agent', 'userAgent'),
  words('outcome', 'outcome'),
  words('error_type', 'errorType'),
  words('login_outcome', 'loginOutcome'),
  words('login_reason', 'loginReason'),
  words('login_method', 'loginMethod'),
  each('login_count', 'UInt32', ({ loginCount, count }) => bytesOf(loginCount, count)),
  texts('user', 'user'),
  { name: 'attributes', type: 'Map(LowCardinality(String), String)', pieces: pairs },
];

export const logColumns = columns.map(({ name }) => name).join(', ');

/** Log records as one block of ClickHouse's Native format. The pieces are views: they hold only as long as the blocks do. */
export function encodeLogs(blocks: readonly LogBlock[]): Buffer[] {
  const rows = blocks.reduce((sum, { count }) => sum + count, 0);
  return [varint(columns.length), varint(rows), ...columns.flatMap(({ name, type, pieces }) => [counted(name), counted(type), ...pieces(blocks)])];
}
