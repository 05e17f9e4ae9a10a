import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from './owner.ts';

/** A block on disk: every block number from `from` to `to` of a partition is in it. */
interface Part {
  partition: string;
  from: number;
  to: number;
  level: number;
}

const added = '1';

/**
 * Forgets tokens of batches that never came to be. The engine notes a batch's token before it puts the rows in their place; killed
 * in between it would remember a batch it does not have, and drop it as a duplicate when it is sent again. Only to be called while no engine
 * has the directory open. Returns how many were forgotten.
 */
export function healDeduplication(dataDir: string): number {
  if (isOpen(dataDir)) return 0;
  let forgotten = 0;
  const store = join(dataDir, 'store');
  for (const prefix of entries(store)) {
    for (const table of entries(join(store, prefix))) forgotten += healTable(join(store, prefix, table));
  }
  return forgotten;
}

function healTable(table: string): number {
  const logs = join(table, 'deduplication_logs');
  const files = entries(logs).filter((name) => name.endsWith('.txt'));
  if (files.length === 0) return 0;
  const parts = partsByPartition(entries(table).filter((name) => isWhole(join(table, name))));
  return files.reduce((sum, name) => sum + healLog(join(logs, name), parts), 0);
}

function healLog(path: string, parts: ReadonlyMap<string, readonly Part[]>): number {
  const text = readFileSync(path, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const lines = whole.split('\n').slice(0, -1);
  const kept = lines.filter((line) => {
    const [operation, name = ''] = line.split('\t');
    const part = operation === added ? partOf(name) : undefined;
    return !part || (parts.get(part.partition) ?? []).some((other) => covers(other, part));
  });
  if (kept.length === lines.length && whole.length === text.length) return 0;
  writeFileSync(`${path}.next`, kept.map((line) => `${line}\n`).join(''), { mode: statSync(path).mode });
  renameSync(`${path}.next`, path);
  return lines.length - kept.length;
}

/** A full disk can leave a part in its place with nothing in its files; the engine sets it aside when it starts. The list of its files is written last. */
const isWhole = (part: string): boolean => ['checksums.txt', 'columns.txt', 'count.txt'].every((name) => (statSync(join(part, name), { throwIfNoEntry: false })?.size ?? 0) > 0);

const covers = (whole: Part, part: Part): boolean => whole.from <= part.from && whole.to >= part.to && whole.level >= part.level;

function partsByPartition(names: readonly string[]): Map<string, Part[]> {
  const parts = new Map<string, Part[]>();
  for (const name of names) {
    const part = partOf(name);
    if (!part) continue;
    const beside = parts.get(part.partition);
    if (beside) beside.push(part);
    else parts.set(part.partition, [part]);
  }
  return parts;
}

/** `20261124_3_5_1`: partition, first and last block, how often merged; a fifth number counts mutations. */
function partOf(name: string): Part | undefined {
  const [, partition, from, to, level] = /^([^_]+)_(\d+)_(\d+)_(\d+)(?:_\d+)?$/.exec(name) ?? [];
  return partition === undefined ? undefined : { partition, from: Number(from), to: Number(to), level: Number(level) };
}

/** The engine locks its status file as long as it lives. */
function isOpen(dataDir: string): boolean {
  try {
    const status = join(dataDir, 'status');
    const inode = `:${statSync(status).ino}`;
    const pid = Number(/PID: (\d+)/.exec(readFileSync(status, 'utf8'))?.[1] ?? 0);
    const locks = readOrNothing('/proc/locks');
    if (locks === undefined) return pid > 0 && isAlive(pid);
    return locks.split('\n').some((line) => line.split(/\s+/).some((field) => field.endsWith(inode)));
  } catch {
    return false;
  }
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function entries(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
