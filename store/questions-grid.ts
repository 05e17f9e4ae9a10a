import type { Lines, Span } from '#lib/series.ts';
import { type DurationMs, day, durationMs, hour, minute, second, type UnixMs, unixMs } from '#lib/time.ts';

/** How fine a question reads, and from which rollup. */
export interface Grid {
  times: readonly UnixMs[];
  stepMs: DurationMs;
  table: '10s' | '1m' | '1h';
  partial: boolean;
  /** Whole steps around the asked span. */
  span: Span;
}

export const mostLines = 10;
const mostPoints = 400;
const aimedPoints = 180;
const steps = [10 * second, 30 * second, minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute, hour, 3 * hour, 6 * hour, 12 * hour, day, 7 * day, 30 * day].map(durationMs);
/** The ten-second rollups are kept this long. */
const finestKept = durationMs(30 * day);

/** The finest step that draws the span in about 180 points and never more than 400; older or longer spans read coarser rollups. */
export function gridFor(span: Span, now: UnixMs): Grid {
  const width = Math.max(1, span.until - span.from);
  const finest = now - span.from > finestKept ? minute : steps[0];
  const allowed = steps.filter((step) => step >= (finest ?? 0));
  const stepMs = allowed.find((step) => width / step <= aimedPoints) ?? allowed.find((step) => width / step <= mostPoints - 1) ?? durationMs(Math.ceil(width / (mostPoints - 1) / day) * day);
  const from = Math.floor(span.from / stepMs) * stepMs;
  const until = Math.ceil(span.until / stepMs) * stepMs;
  const times: UnixMs[] = [];
  for (let at = from; at < until; at += stepMs) times.push(unixMs(at));
  const table = stepMs >= hour ? '1h' : stepMs >= minute ? '1m' : '10s';
  return { times, stepMs, table, partial: until > now, span: { from: unixMs(from), until: unixMs(until) } };
}

/** The step's index of a rollup row. */
export const stepIndex = `toUInt32(intDiv(toUInt32(bucket) - {from:UInt32}, {step:UInt32}))`;

export interface LineRow {
  step: number;
  line: string;
  value: number | null;
  samples: number;
}

/** Lays sparse rows on the grid; what was not seen stays a gap. `keys` fixes the order and keeps lines that saw nothing. */
export function laid(grid: Grid, rows: readonly LineRow[], { keys, sql }: { keys?: readonly string[]; sql: string }): Lines {
  const lines = new Map<string, { key: string; values: (number | null)[]; samples: number }>();
  const lineOf = (key: string) => {
    const known = lines.get(key);
    if (known) return known;
    const line = { key, values: grid.times.map((): number | null => null), samples: 0 };
    lines.set(key, line);
    return line;
  };
  for (const key of keys ?? []) lineOf(key);
  for (const row of rows) {
    const line = lineOf(row.line);
    if (row.step >= 0 && row.step < line.values.length) line.values[row.step] = row.value;
    line.samples += Number(row.samples);
  }
  return { times: grid.times, stepMs: grid.stepMs, partial: grid.partial, lines: [...lines.values()].sort(keys ? () => 0 : (a, b) => b.samples - a.samples), sql };
}
