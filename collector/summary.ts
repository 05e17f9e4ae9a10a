import { iso, unixMs } from '#lib/time.ts';
import type { ParsedLine } from './formats/format.ts';
import { severityName } from './log.ts';

/** What a log holds, in figures. */
export interface LogSummary {
  lines: number;
  blank: number;
  /** Well-formed ones; malformed lines are kept by the store too, but counted apart here. */
  events: number;
  malformed: number;
  /** The first 20. */
  malformedLines: number[];
  first: string | null;
  last: string | null;
  severity: Record<string, number>;
  /** Of every line whose status could be read, malformed or not. */
  status: Record<string, number>;
  methods: Record<string, number>;
  clients: number;
  login: { failedLines: number; failedEvents: number; accepted: number; sources: number; users: number; byReason: Record<string, number>; topSources: [string, number][] };
  durationSeconds: { n: number; p50: number | null; p95: number | null; max: number | null };
}

export interface Summary {
  blank(): void;
  /** A line that is no event but says how others are read. */
  directive(): void;
  /** One event of so many lines. */
  add(lineNumber: number, parsed: ParsedLine, lines?: number): void;
  result(): LogSummary;
}

class Tally extends Map<string, number> {
  add(key: string, count = 1): void {
    this.set(key, (this.get(key) ?? 0) + count);
  }
  /** Most first, then by name. */
  ranked(): [string, number][] {
    return [...this].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  }
  toObject(): Record<string, number> {
    return Object.fromEntries([...this].sort((a, b) => (a[0] < b[0] ? -1 : 1)));
  }
}

function createCounts() {
  return {
    lines: 0,
    blank: 0,
    events: 0,
    malformed: 0,
    malformedLines: [] as number[],
    first: Number.POSITIVE_INFINITY,
    last: Number.NEGATIVE_INFINITY,
    severity: new Tally(),
    status: new Tally(),
    methods: new Tally(),
    clients: new Set<string>(),
    durations: [] as number[],
    login: { failedLines: 0, failedEvents: 0, accepted: 0, users: new Set<string>(), byReason: new Tally(), sources: new Tally() },
  };
}

type Counts = ReturnType<typeof createCounts>;

export function createSummary(): Summary {
  const counts = createCounts();
  return {
    blank() {
      counts.lines++;
      counts.blank++;
    },
    directive() {
      counts.lines++;
    },
    add(lineNumber, parsed, lines = 1) {
      counts.lines += lines;
      if (parsed.malformed === '') {
        counts.events++;
        counts.severity.add(severityName(parsed.severityNumber));
      } else {
        counts.malformed++;
        if (counts.malformedLines.length < 20) counts.malformedLines.push(lineNumber);
      }
      addFields(counts, parsed);
    },
    result: () => toSummary(counts),
  };
}

function addFields(counts: Counts, { time, attributes }: ParsedLine): void {
  if (time !== undefined) {
    counts.first = Math.min(counts.first, time);
    counts.last = Math.max(counts.last, time);
  }
  if (attributes['http.response.status_code'] !== undefined) counts.status.add(String(attributes['http.response.status_code']));
  if (attributes['http.request.method'] !== undefined) counts.methods.add(String(attributes['http.request.method']));
  if (attributes['client.address'] !== undefined) counts.clients.add(String(attributes['client.address']));
  if (attributes['http.server.request.duration'] !== undefined) counts.durations.push(Number(attributes['http.server.request.duration']));
  if (attributes['login.outcome'] !== undefined) addLogin(counts.login, attributes);
}

function addLogin(login: Counts['login'], attributes: ParsedLine['attributes']): void {
  const count = Number(attributes['login.count']);
  if (attributes['login.outcome'] === 'accepted') {
    login.accepted += count;
    return;
  }
  login.failedLines++;
  login.failedEvents += count;
  login.byReason.add(String(attributes['login.reason']), count);
  login.users.add(String(attributes['user.name']));
  if (attributes['client.address'] !== undefined) login.sources.add(String(attributes['client.address']), count);
}

function toSummary(counts: Counts): LogSummary {
  const { lines, blank, events, malformed, malformedLines, login } = counts;
  const seen = counts.first <= counts.last;
  return {
    lines,
    blank,
    events,
    malformed,
    malformedLines,
    first: seen ? iso(unixMs(counts.first)) : null,
    last: seen ? iso(unixMs(counts.last)) : null,
    severity: counts.severity.toObject(),
    status: counts.status.toObject(),
    methods: counts.methods.toObject(),
    clients: counts.clients.size,
    login: {
      failedLines: login.failedLines,
      failedEvents: login.failedEvents,
      accepted: login.accepted,
      sources: login.sources.size,
      users: login.users.size,
      byReason: login.byReason.toObject(),
      topSources: login.sources.ranked().slice(0, 10),
    },
    durationSeconds: spread(counts.durations),
  };
}

/** Nearest rank: the smallest value with at least the share `p` of all at or below it. */
function spread(values: number[]): LogSummary['durationSeconds'] {
  const sorted = Float64Array.from(values).sort();
  const rank = (p: number): number | null => sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? null;
  return { n: sorted.length, p50: rank(0.5), p95: rank(0.95), max: rank(1) };
}
