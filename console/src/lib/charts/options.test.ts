import { describe, expect, it, test } from 'vitest';
import type { Mark, SeriesView } from '#console/api/views.ts';
import { points, type SeriesChart, seriesColor, spaced, summary, timeSeriesOption, tip, valueAxis } from './options.ts';

const both = (text: string) => ({ 'zh-CN': text, en: text });
const times = ['2026-11-24T02:00:00.000Z', '2026-11-24T02:01:00.000Z', '2026-11-24T02:02:00.000Z'];
const view: SeriesView = {
  times,
  stepMs: 60_000,
  unit: 'ratio',
  partial: false,
  series: [
    { key: 'mobile', label: both('移动端'), values: [0.04, null, 0.38], samples: 3 },
    { key: 'web', label: both('网页端'), values: [0.04, 0.04, 0.04], samples: 3 },
    { key: 'week:all', label: both('上周'), values: [0.03, 0.03, 0.03], samples: 3 },
  ],
};
const palette = { ink: '#1', ink2: '#2', ink3: '#3', line: '#4', surface: '#5', down: '#6', maintenance: '#7', series: ['#a', '#b', '#c'], font: 'sans' };
const wording = { say: (text: { en: string }) => text.en, value: (value: number | null) => (value === null ? '–' : String(value)), tick: String, axisTime: String, wholeTime: String };
const chart: SeriesChart = { view, thresholds: [], marks: [], only: null, narrow: false, palette, wording };
const seriesOf = (option: unknown) => (option as { series: { id: string; data: unknown[]; markLine?: { data: Record<string, unknown>[] } }[] }).series;

describe('lines', () => {
  it('keep their gaps: an unknown minute is null and nothing bridges it', () => {
    const [first] = seriesOf(timeSeriesOption(chart));
    expect(first).toMatchObject({ id: 'mobile', connectNulls: false });
    expect(first?.data[1]).toEqual([Date.parse(times[1] ?? ''), null]);
  });

  it('show a lone point between gaps as a dot', () => {
    expect(points([1, 2, 3], [null, 5, null])[1]).toEqual({ value: [2, 5], symbol: 'circle', symbolSize: 4 });
    expect(points([1, 2, 3], [5, 5, null])[1]).toEqual([2, 5]);
  });

  it('keep their colour when one is left alone, and the shadow of last week stays with it', () => {
    const alone = seriesOf(timeSeriesOption({ ...chart, only: 'web' }));
    expect(alone.map((each) => each.id)).toEqual(['web', 'week:all', 'annotations']);
    expect(seriesColor(view.series, 'web', palette)).toBe('#b');
    expect(seriesColor(view.series, 'week:all', palette)).toBe('#3');
  });

  it('reach one step past the last point, so that the open window has its place', () => {
    expect(timeSeriesOption(chart)).toMatchObject({ xAxis: { min: Date.parse(times[0] ?? ''), max: Date.parse(times[2] ?? '') + 60_000 } });
  });
});

describe('the value axis', () => {
  const of = (values: (number | null)[], thresholds: number[], unit: SeriesView['unit']) =>
    valueAxis(
      [{ key: 'a', label: both('a'), values, samples: 1 }],
      thresholds.map((value) => ({ value, label: both('') })),
      unit,
    );
  test.each([
    { name: 'has round steps above the data', got: () => of([0.42], [], 'ratio'), want: { max: 0.45, interval: 0.15 } },
    { name: 'never leaves 100 %', got: () => of([0.98], [], 'ratio'), want: { max: 1, interval: 0.25 } },
    { name: 'shows the threshold when it is near', got: () => of([0.1], [0.3], 'ratio'), want: { max: 0.32, interval: 0.08 } },
    { name: 'does not flatten the line for a threshold far away', got: () => of([0.01], [0.3], 'ratio'), want: { max: 0.012, interval: 0.003 } },
    { name: 'counts in whole steps', got: () => of([2], [], 'count'), want: { max: 3, interval: 1 } },
    { name: 'stands when all is zero', got: () => of([0, 0], [], 'seconds'), want: { max: 2, interval: 1 } },
    { name: 'stands when nothing is known', got: () => of([null], [], 'ratio'), want: { max: 0.01, interval: 0.005 } },
  ])('$name', ({ got, want }) => {
    const axis = got();
    expect(axis.max / axis.interval).toBeCloseTo(Math.round(axis.max / axis.interval), 6);
    expect(axis).toEqual(want);
  });
});

describe('marks', () => {
  const mark = (at: string): Mark => ({ at, kind: 'alert', label: both('告警'), link: '/' });
  it('that stand close keep their line and lose their name', () => {
    const [a, b, c] = [mark(times[0] ?? ''), mark(times[1] ?? ''), mark('2026-11-24T03:00:00.000Z')];
    expect([...spaced([a, b, c], 600_000)]).toEqual([a, c]);
    const lines = seriesOf(timeSeriesOption({ ...chart, marks: [a, b] })).at(-1)?.markLine?.data;
    expect(lines).toHaveLength(2);
  });
});

describe('the tooltip', () => {
  it('escapes names that come from logs', () => {
    const text = tip([{ seriesName: '<img src=x onerror=alert(1)>', axisValue: 1, color: '"><b', value: [1, 0.5] }], chart);
    expect(text).not.toContain('<img');
    expect(text).not.toContain('"><b');
    expect(text).toContain('&lt;img');
  });

  it('says that a value is not known', () => {
    expect(tip([{ seriesName: 'a', axisValue: 1, value: [1, null] }], chart)).toContain('–');
  });
});

it('sums a series up without its gaps', () => {
  expect(summary([1, null, 3])).toEqual({ last: 3, average: 2, highest: 3 });
  expect(summary([1, 3, null])).toEqual({ last: 3, average: 2, highest: 3 });
  expect(summary([null])).toEqual({ last: null, average: null, highest: null });
});
