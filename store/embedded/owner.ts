import { readFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Owner {
  pid: number;
  /** When the process began, by the kernel's count; tells a running owner from a stranger with a recycled pid. */
  born: string;
}

/** Claims a data directory for this process; refuses while another living process holds it. The returned function gives it back. */
export async function claimDirectory(dir: string, what: string): Promise<() => Promise<void>> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, 'owner');
  const mine = JSON.stringify({ pid: process.pid, born: birth(process.pid) });
  for (let tries = 0; tries < 3; tries++) {
    const claimed = await writeFile(file, mine, { flag: 'wx', mode: 0o600 }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false;
        throw error.code === 'EACCES' ? new Error(`${dir} cannot be written by this account: start as its owner, or choose another --data`) : error;
      },
    );
    if (claimed) return () => rm(file, { force: true });
    const text = await readFile(file, 'utf8').catch(() => '');
    const owner = livingOwner(text);
    if (owner) {
      throw new Error(`${what} in ${dir} is in use by process ${owner.pid}: stop that one first, or choose another --data`);
    }
    await removeStale(file, text);
  }
  throw new Error(`${what} in ${dir} is being claimed by another process at this moment: stop that one first, or choose another --data`);
}

/** Two starters may see the same stale file: only the one that moves away what it had read has removed it. */
async function removeStale(file: string, text: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  await rename(file, aside).catch(() => undefined);
  const moved = await readFile(aside, 'utf8').catch(() => text);
  if (moved === text) await rm(aside, { force: true });
  else await rename(aside, file);
}

/** The process that holds a data directory now, if any. */
export async function ownerOf(dir: string): Promise<number | undefined> {
  return livingOwner(await readFile(join(dir, 'owner'), 'utf8').catch(() => ''))?.pid;
}

function livingOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Owner;
    return isAlive(owner.pid) && birth(owner.pid) === owner.born ? owner : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a process of this id runs, whoever owns it. One that ended but was never collected (a container without an init) does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const [state] = kernelFacts(pid);
  return state !== 'Z' && state !== 'X';
}

/** The kernel's start time of a process; empty where there is no /proc. */
function birth(pid: number): string {
  return kernelFacts(pid)[19] ?? '';
}

/** The fields of /proc/PID/stat from the third on: the second, a name in parentheses, may itself hold spaces. */
function kernelFacts(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
