import { durationMs } from '#lib/time.ts';

/** The system's `ping`: how it is called and what its words mean. Pure. */

export interface PingPlan {
  address: string;
  family: 4 | 6;
  count: number;
  everyMs: number;
  /** How long to wait for the last answer. */
  waitMs: number;
  /** Bytes of payload. */
  size: number;
  ttl: number | null;
  sourceAddress: string | null;
}

/** Program and arguments; the BSD's counts milliseconds and has a second program for IPv6. */
export function pingCommand(plan: PingPlan, platform: NodeJS.Platform): { command: string; args: string[] } {
  const isBsd = platform === 'darwin' || platform === 'freebsd';
  const every = ['-n', '-c', String(plan.count), '-i', String(plan.everyMs / 1_000), '-s', String(plan.size)];
  const source = plan.sourceAddress === null ? [] : [isBsd ? '-S' : '-I', plan.sourceAddress];
  const ttl = plan.ttl === null ? [] : [isBsd ? (plan.family === 6 ? '-h' : '-m') : '-t', String(plan.ttl)];
  if (!isBsd) return { command: 'ping', args: [`-${plan.family}`, ...every, '-W', String(Math.max(1, Math.floor(plan.waitMs / 1_000))), ...ttl, ...source, plan.address] };
  return { command: plan.family === 6 ? 'ping6' : 'ping', args: [...every, ...(plan.family === 6 ? [] : ['-W', String(Math.ceil(plan.waitMs))]), ...ttl, ...source, plan.address] };
}

export interface Echoes {
  /** Round trips in the order of their requests, milliseconds; shorter than `received` when answers were too small to bear a time. */
  rttsMs: readonly number[];
  received: number;
  /** As ping counted them; null when it did not come to its sum. */
  sent: number | null;
  /** What stood in the way, by its own word: `203.0.113.1: Destination Host Unreachable`. */
  refusals: readonly string[];
}

const replyLine = /bytes from .*?\b(?:icmp_)?(?:seq|req)[= ](\d+)(.*)$/;
const timeText = /\btime[=<]([\d.]+) ?ms/;
const refusalLine = /^From (\S+?):? (?:icmp_)?(?:seq|req)[= ]\d+ (.+)$/;
/** BSD and old versions name no number. */
const plainRefusal = /bytes from (\S+?):? (Destination .+|Time to live exceeded.*|Communication prohibited.*)$/;

/** Reads line by line, since every version words its sum differently and one cut off has none. */
export function readEchoes(stdout: string): Echoes {
  const rtts = new Map<number, number | null>();
  const refusals = new Set<string>();
  let sent: number | null = null;
  for (const line of stdout.split(/\r?\n/)) {
    const refused = refusalLine.exec(line) ?? plainRefusal.exec(line);
    if (refused) {
      if (refusals.size < 5) refusals.add(`${refused[1]}: ${(refused[2] ?? '').trim().slice(0, 80)}`);
      continue;
    }
    const reply = replyLine.exec(line);
    if (reply) {
      const [, number, rest = ''] = reply;
      const time = timeText.exec(rest)?.[1];
      // An answer that came twice is one answer.
      if (!rtts.has(Number(number))) rtts.set(Number(number), time === undefined ? null : Number(time));
      continue;
    }
    const sum = /^(\d+) packets transmitted/.exec(line);
    if (sum) sent = Number(sum[1]);
  }
  const inOrder = [...rtts].sort(([a], [b]) => a - b).flatMap(([, rtt]) => (rtt === null ? [] : [rtt]));
  return { rttsMs: inOrder, received: rtts.size, sent, refusals: [...refusals] };
}

/** Least, mean and most, and the mean change from one round trip to the next. */
export function spread(rttsMs: readonly number[]): { min: number; avg: number; max: number; jitter: number } | null {
  if (rttsMs.length === 0) return null;
  const changes = rttsMs.slice(1).map((rtt, index) => Math.abs(rtt - (rttsMs[index] ?? rtt)));
  const mean = (values: readonly number[]) => (values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length);
  const rounded = (ms: number) => durationMs(Math.round(ms * 1_000) / 1_000);
  return { min: rounded(Math.min(...rttsMs)), avg: rounded(mean(rttsMs)), max: rounded(Math.max(...rttsMs)), jitter: rounded(mean(changes)) };
}
