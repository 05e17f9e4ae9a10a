import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface ProcessFacts {
  pid: number;
  parent: number;
  command: string;
  /** Proportional set size, kB: shared pages are counted once over all who share them. */
  pssKb: number;
  rssKb: number;
  /** User and system time so far, in clock ticks of 10 ms. */
  cpuTicks: number;
}

/** Every living process below `root`, itself included, from /proc. */
export function processTree(root: number): ProcessFacts[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => factsOf(Number(name)));
  const found = all.filter(({ pid }) => pid === root);
  for (let index = 0; index < found.length; index++) found.push(...all.filter(({ parent, pid }) => parent === found[index]?.pid && !found.some((known) => known.pid === pid)));
  return found;
}

function factsOf(pid: number): ProcessFacts[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return [];
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const kb = (name: string) => Number(rollup.match(new RegExp(`^${name}:\\s+(\\d+)`, 'm'))?.[1] ?? 0);
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return [{ pid, parent: Number(fields[1]), command, pssKb: kb('Pss'), rssKb: kb('Rss'), cpuTicks: Number(fields[11]) + Number(fields[12]) }];
  } catch {
    return []; // gone between the listing and the reading, or not ours to read
  }
}

/** `PID command` of every process that has a file below `folder` open or stands in it, from /proc. */
export function holdersOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => linksOf(pid).some((path) => path.startsWith(folder)))
    .map((pid) => `${pid} ${factsOf(Number(pid))[0]?.command.slice(0, 200) ?? ''}`);
}

function linksOf(pid: string): string[] {
  try {
    return [`/proc/${pid}/cwd`, ...readdirSync(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`)].map((link) => readlinkSync(link));
  } catch {
    return []; // gone meanwhile
  }
}
