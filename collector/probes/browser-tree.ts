import { readdirSync, readFileSync } from 'node:fs';

/** Every living process below `root`, itself first, from /proc; empty where there is none. */
export function treeOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of pids()) {
    const parent = parentOf(pid);
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found = [root];
  for (let index = 0; index < found.length; index++) found.push(...(children.get(found[index] ?? -1) ?? []));
  return found;
}

/** Bytes resident, pages shared among the tree counted once where the kernel says so (Pss), else as often as they are mapped. */
export function residentBytes(tree: readonly number[]): number {
  return tree.reduce((total, pid) => total + bytesOf(pid), 0);
}

/** Ends them all; what was started meanwhile is ended in the next round. */
export function killTree(root: number): void {
  for (let round = 0; round < 3; round++) {
    const tree = treeOf(root);
    for (const pid of tree) kill(pid);
    if (tree.length === 1) return;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

function pids(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function parentOf(pid: number): number | null {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' || fields[0] === 'Z' ? null : Number(fields[1]);
}

function bytesOf(pid: number): number {
  const rollup = read(`/proc/${pid}/smaps_rollup`);
  const kb = /^Pss:\s+(\d+)/m.exec(rollup)?.[1];
  return kb === undefined ? Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * 4_096 : Number(kb) * 1_024;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
