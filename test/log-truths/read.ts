import { logsParse } from '#collector/parse.ts';
import type { LogSummary } from '#collector/summary.ts';
import { unixMs } from '#lib/time.ts';

/** One event as `logs parse` prints it. */
export interface Event {
  file?: string;
  line: number;
  time: string;
  severity: string;
  body: string;
  attributes: Record<string, string | number | boolean>;
}

const nowAt = unixMs(Date.parse('2026-05-17T12:00:00Z'));

async function run(argv: readonly string[]): Promise<string> {
  const out: string[] = [];
  const problems: string[] = [];
  const code = await logsParse([...argv], { out: (text) => void out.push(text), err: (text) => void problems.push(text), now: () => nowAt });
  if (code !== 0) throw new Error(`logs parse ${argv.join(' ')}: exit ${code}\n${problems.join('')}`);
  return out.join('');
}

/** `logs parse … --summary --json`. */
export const summaryOf = async (way: readonly string[], file: string): Promise<LogSummary> => JSON.parse(await run([...way, '--summary', '--json', file])) as LogSummary;

/** The events of a file by the first way that reads each line, in the order of their lines. */
export async function eventsOf(ways: readonly (readonly string[])[], file: string): Promise<Event[]> {
  const byLine = new Map<number, Event>();
  for (const way of ways) {
    for (const text of (await run([...way, '--json', file])).split('\n')) {
      if (text === '') continue;
      const event = JSON.parse(text) as Event;
      if (!byLine.has(event.line)) byLine.set(event.line, event);
    }
  }
  return [...byLine.values()].sort((a, b) => a.line - b.line);
}
