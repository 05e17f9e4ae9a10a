import type { Heat, Lines, Ranking } from '#lib/series.ts';
import type { Bilingual } from '#lib/text.ts';
import { iso } from '#lib/time.ts';
import type { HeatmapView, SeriesView, TopView } from './views.ts';
import { same } from './words.ts';

export type Naming = (key: string) => Bilingual;

export function seriesView(lines: Lines, unit: SeriesView['unit'], name: Naming = same): SeriesView {
  return {
    times: lines.times.map(iso),
    stepMs: lines.stepMs,
    unit,
    series: lines.lines.map((line) => ({ key: line.key, label: name(line.key), values: [...line.values], samples: line.samples })),
    partial: lines.partial,
  };
}

/** Lines of another week laid over this one by place, so both are read on the same axis. */
export function compared(view: SeriesView, other: Lines, name: Naming): SeriesView {
  const laid = other.lines.map((line) => ({ key: `week:${line.key}`, label: name(line.key), values: view.times.map((_, index) => line.values[index] ?? null), samples: line.samples }));
  return { ...view, series: [...view.series, ...laid] };
}

export const heatmapView = (heat: Heat): HeatmapView => ({
  times: heat.times.map(iso),
  stepMs: heat.stepMs,
  bounds: [...heat.bounds],
  cells: heat.cells.map(([time, row, count]): [number, number, number] => [time, row, count]),
});

export const topView = (ranking: Ranking, name: Naming = same): TopView => ({
  rows: ranking.rows.map((row) => ({ key: row.key, label: name(row.key), value: row.value })),
  distinct: ranking.distinct,
});
