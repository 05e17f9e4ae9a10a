import type { EChartsCoreOption } from 'echarts/core';
import type { Mark, SeriesView, Threshold } from '#console/api/views.ts';
import type { Bilingual } from '#lib/text.ts';
import type { Palette } from './palette.ts';

/** Words and figures in the page's language, handed in so that an option stays a pure function. */
export interface Wording {
  say(text: Bilingual): string;
  value(value: number | null): string;
  /** A label of the value axis, without what the panel's heading says already. */
  tick(value: number): string;
  axisTime(at: number): string;
  wholeTime(at: number): string;
}

export interface SeriesChart {
  view: SeriesView;
  thresholds: readonly Threshold[];
  marks: readonly Mark[];
  /** Only this series is drawn, when one is picked in the legend. */
  only: string | null;
  /** On a phone fewer marks have room for their names. */
  narrow: boolean;
  palette: Palette;
  wording: Wording;
}

type Line = SeriesView['series'][number];

/** The same hour of last week is a shadow of its series, not a series of its own. */
export const isShadow = (key: string): boolean => key.startsWith('week:');

/** A colour belongs to a series by its place among the real ones, so isolating one does not repaint it. */
export function seriesColor(series: readonly Line[], key: string, palette: Palette): string {
  if (isShadow(key)) return palette.ink3;
  const place = series.filter((each) => !isShadow(each.key)).findIndex((each) => each.key === key);
  return palette.series[place % palette.series.length] ?? palette.ink2;
}

/** Points as `[instant, value]`; a null breaks the line, and a lone point between two gaps gets a dot so that it is seen. */
export function points(times: readonly number[], values: readonly (number | null)[]): unknown[] {
  return times.map((at, index) => {
    const value = values[index] ?? null;
    const alone = value !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;
    return alone ? { value: [at, value], symbol: 'circle', symbolSize: 4 } : [at, value];
  });
}

/** The value axis: two to four round steps, room above the data, and the threshold in sight unless it would flatten the line. */
export function valueAxis(series: readonly Line[], thresholds: readonly Threshold[], unit: SeriesView['unit']): { max: number; interval: number } {
  const highest = series.reduce((most, each) => Math.max(most, ...each.values.filter((value) => value !== null)), 0);
  const wanted = thresholds.map((each) => each.value).filter((value) => value > highest && value <= highest * 5);
  const top = Math.max(highest, ...wanted) * 1.03;
  if (top === 0) return unit === 'ratio' ? { max: 0.01, interval: 0.005 } : { max: 2, interval: 1 };
  if (unit === 'ratio' && top > 0.75) return { max: 1, interval: 0.25 };
  const size = 10 ** Math.floor(Math.log10(top));
  const steps = [0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2, 2.5, 3, 4, 5].map((step) => step * size).filter((step) => unit !== 'count' || step >= 1);
  const candidates = steps.map((interval) => ({ interval, max: interval * Math.ceil(top / interval - 1e-9), count: Math.ceil(top / interval - 1e-9) })).filter(({ count }) => count >= 2 && count <= 4);
  const best = candidates.sort((a, b) => a.max - b.max || b.count - a.count)[0] ?? { max: Math.ceil(top), interval: Math.ceil(top) };
  return { max: rounded(best.max), interval: rounded(best.interval) };
}

const rounded = (value: number): number => Number(value.toPrecision(6));

/** The option of a time-series chart. */
export function timeSeriesOption(chart: SeriesChart): EChartsCoreOption {
  const { view, palette, wording } = chart;
  const times = view.times.map((time) => Date.parse(time));
  const shown = view.series.filter((each) => chart.only === null || each.key === chart.only || isShadow(each.key));
  const text = { color: palette.ink3, fontSize: 11, fontFamily: palette.font };
  return {
    animation: false,
    textStyle: { fontFamily: palette.font },
    grid: { left: 58, right: 12, top: 20, bottom: 24, outerBoundsMode: 'none' },
    xAxis: {
      type: 'time',
      min: times[0],
      max: (times.at(-1) ?? 0) + view.stepMs,
      splitNumber: 5,
      axisLine: { lineStyle: { color: palette.line } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: { ...text, hideOverlap: true, alignMaxLabel: 'right', formatter: wording.axisTime },
    },
    yAxis: { type: 'value', min: 0, ...valueAxis(shown, chart.thresholds, view.unit), splitLine: { lineStyle: { color: palette.line } }, axisLabel: { ...text, formatter: wording.tick } },
    tooltip: {
      trigger: 'axis',
      confine: true,
      transitionDuration: 0,
      className: 'chart-tip',
      backgroundColor: palette.surface,
      borderColor: palette.line,
      padding: 0,
      extraCssText: 'border-radius: 6px; box-shadow: var(--shadow); z-index: 15',
      axisPointer: { type: 'line', snap: true, lineStyle: { color: palette.ink3, type: 'solid', width: 1 } },
      formatter: (hits: Hit[]) => tip(hits, chart),
    },
    series: [...shown.map((each) => line(each, times, chart)), annotations(chart)],
  };
}

function line(each: Line, times: readonly number[], { view, palette, wording }: SeriesChart): object {
  const shadow = isShadow(each.key);
  const color = seriesColor(view.series, each.key, palette);
  return {
    id: each.key,
    name: wording.say(each.label),
    type: 'line',
    data: points(times, each.values),
    connectNulls: false,
    symbol: 'none',
    silent: true,
    color,
    lineStyle: { width: shadow ? 1.2 : 1.7, type: shadow ? [3, 3] : 'solid', join: 'round', color },
    emphasis: { disabled: true },
    z: shadow ? 1 : 2,
  };
}

/** Thresholds across and marks down, on a line of their own that holds no data. */
function annotations({ view, narrow, thresholds, marks, palette, wording }: SeriesChart): object {
  const label = { fontSize: 11, fontFamily: palette.font };
  const across = thresholds.map((each) => ({
    yAxis: each.value,
    lineStyle: { color: palette.down, type: [5, 4], width: 1 },
    label: { ...label, show: true, position: 'insideStartTop', color: palette.down, formatter: wording.say(each.label) },
  }));
  const labelled = spaced(marks, (view.times.length * view.stepMs) / (narrow ? 3 : 8));
  const down = marks.map((mark) => {
    const color = mark.kind === 'deploy' ? palette.maintenance : palette.ink3;
    return {
      xAxis: Date.parse(mark.at),
      lineStyle: { color, type: [2, 3], width: 1 },
      label: { ...label, show: labelled.has(mark), position: 'end', align: side(Date.parse(mark.at), view), distance: 3, color, formatter: shorten(wording.say(mark.label)) },
    };
  });
  return { id: 'annotations', type: 'line', data: [], silent: true, markLine: { silent: true, symbol: 'none', animation: false, data: [...across, ...down] } };
}

/** Near an edge a name is written away from it, so that it is not cut. */
function side(at: number, view: SeriesView): 'left' | 'center' | 'right' {
  const from = Date.parse(view.times[0] ?? '');
  const part = (at - from) / (view.times.length * view.stepMs);
  return part > 0.85 ? 'right' : part < 0.15 ? 'left' : 'center';
}

/** The marks whose names have room: each at least so much time after the one named before. */
export function spaced(marks: readonly Mark[], roomMs: number): Set<Mark> {
  const named = new Set<Mark>();
  let last = Number.NEGATIVE_INFINITY;
  for (const mark of [...marks].sort((a, b) => a.at.localeCompare(b.at))) {
    const at = Date.parse(mark.at);
    if (at - last < roomMs) continue;
    named.add(mark);
    last = at;
  }
  return named;
}

/** Latin letters are half as wide as Chinese characters. */
function shorten(text: string): string {
  const most = /[\u4e00-\u9fff]/.test(text) ? 14 : 26;
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

interface Hit {
  seriesId?: string;
  seriesName?: string;
  axisValue?: number | string;
  color?: string;
  value?: unknown;
}

/** The tooltip as markup; every text in it is escaped, for names come from logs. */
export function tip(hits: readonly Hit[], { wording }: SeriesChart): string {
  const [first] = hits;
  if (first === undefined) return '';
  const rows = hits.map((hit) => {
    const value = Array.isArray(hit.value) ? (hit.value[1] as number | null) : null;
    return `<tr><td><i style="background:${escapeHtml(hit.color ?? '')}"></i>${escapeHtml(hit.seriesName ?? '')}</td><td>${escapeHtml(wording.value(value))}</td></tr>`;
  });
  return `<div class="chart-tip-body"><p>${escapeHtml(wording.wholeTime(Number(first.axisValue)))}</p><table>${rows.join('')}</table></div>`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);

/** What the legend says of a series: its newest value, its mean and its highest, gaps left out. */
export function summary(values: readonly (number | null)[]): { last: number | null; average: number | null; highest: number | null } {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return { last: null, average: null, highest: null };
  return { last: values.at(-1) ?? known.at(-1) ?? null, average: known.reduce((sum, value) => sum + value, 0) / known.length, highest: Math.max(...known) };
}
