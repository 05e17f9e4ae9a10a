import { LogBlock } from './log-block.ts';
import { Words } from './words.ts';

/** Beyond so many words, or so many bytes of them, a fresh set is begun: most of them will not come again. */
const mostWords = { count: 50_000, bytes: 16_000_000 };
/** Blocks kept for the next rows: making their memory anew costs more than filling it. */
const mostIdle = 24;
const largestIdle = 6_000_000;

const idle = new Set<LogBlock>();
let words = new Words();

export function newBlock(): LogBlock {
  if (words.size > mostWords.count || words.byteLength > mostWords.bytes) words = new Words();
  const [block] = idle;
  if (!block) return new LogBlock(words);
  idle.delete(block);
  block.clear(words);
  return block;
}

/** Nobody needs what is in it any more. */
export function giveBack(block: LogBlock): void {
  if (idle.size < mostIdle && block.capacity <= largestIdle) idle.add(block);
}
