import type { UnixMs } from '#lib/time.ts';
import type { HealthSource } from './ports.ts';

const escaped = (text: string): string => text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
const labelled = (labels: Readonly<Record<string, string>>): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};
const metricName = (name: string): string =>
  `fenghuo_${name
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase()}`;

interface Family {
  name: string;
  type: 'gauge' | 'counter';
  help: string;
  rows: readonly { labels: Readonly<Record<string, string>>; value: number | null }[];
}

function written({ name, type, help, rows }: Family): string {
  const lines = rows.flatMap(({ labels, value }) => (value === null || Number.isNaN(value) ? [] : [`${name}${labelled(labels)} ${value}`]));
  return lines.length === 0 ? '' : `# HELP ${name} ${help.replace(/\\/g, '\\\\').replace(/\n/g, ' ')}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`;
}

/** Ourselves in Prometheus' text format: every loop's four facts, sources, counters, memory. */
export function metricsText(health: Pick<HealthSource, 'loops' | 'sources' | 'counters'>, { now, version }: { now: UnixMs; version: string }): string {
  const loops = health.loops();
  const sources = health.sources();
  const ofLoops = (name: string, { type, help }: Pick<Family, 'type' | 'help'>, value: (loop: (typeof loops)[number]) => number | null): Family => ({
    name: `fenghuo_loop_${name}`,
    type,
    help,
    rows: loops.map((loop) => ({ labels: { loop: loop.name }, value: value(loop) })),
  });
  const ofSources = (name: string, { type, help }: Pick<Family, 'type' | 'help'>, value: (source: (typeof sources)[number]) => number | null): Family => ({
    name: `fenghuo_source_${name}`,
    type,
    help,
    rows: sources.map((source) => ({ labels: { source: source.id, kind: source.kind }, value: value(source) })),
  });
  const families: Family[] = [
    { name: 'fenghuo_build_info', type: 'gauge', help: 'The running version.', rows: [{ labels: { version }, value: 1 }] },
    { name: 'process_resident_memory_bytes', type: 'gauge', help: 'Resident memory of the main process.', rows: [{ labels: {}, value: process.memoryUsage.rss() }] },
    { name: 'process_uptime_seconds', type: 'gauge', help: 'Since the main process started.', rows: [{ labels: {}, value: Math.round(process.uptime()) }] },
    ofLoops('age_seconds', { type: 'gauge', help: 'Since the loop last began a round.' }, (loop) => (loop.lastRunAt === null ? null : Math.max(0, now - loop.lastRunAt) / 1000)),
    ofLoops('last_duration_seconds', { type: 'gauge', help: 'How long its last round took.' }, (loop) => (loop.lastDurationMs === null ? null : loop.lastDurationMs / 1000)),
    ofLoops('runs_total', { type: 'counter', help: 'Rounds so far.' }, (loop) => loop.runs),
    ofLoops('backlog', { type: 'gauge', help: 'What is left to do.' }, (loop) => loop.backlog),
    {
      name: 'fenghuo_loop_failures_total',
      type: 'counter',
      help: 'Failed rounds by reason.',
      rows: loops.flatMap((loop) => Object.entries(loop.failures).map(([reason, count]) => ({ labels: { loop: loop.name, reason }, value: count }))),
    },
    ofSources('lines_per_minute', { type: 'gauge', help: 'Lines read in the last minute.' }, (source) => source.linesPerMinute),
    ofSources('lag_seconds', { type: 'gauge', help: 'How far reading is behind.' }, (source) => (source.lagMs === null ? null : source.lagMs / 1000)),
    ofSources('malformed_total', { type: 'counter', help: 'Lines that could not be read.' }, (source) => source.malformed),
    ofSources('dropped_total', { type: 'counter', help: 'Lines that were lost.' }, (source) => source.dropped),
    ofSources('masked_total', { type: 'counter', help: 'Pieces of personal data masked.' }, (source) => source.masked),
    ofSources('duplicates_total', { type: 'counter', help: 'Requests that came again and were not kept twice.' }, (source) => source.duplicates),
    ...health
      .counters()
      .map((counter): Family => ({ name: metricName(counter.name), type: counter.name.endsWith('total') ? 'counter' : 'gauge', help: counter.help.en, rows: [{ labels: {}, value: counter.value }] })),
  ];
  return families.map(written).join('');
}
