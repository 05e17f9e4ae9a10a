import type { Labels } from '#lib/labels.ts';
import { type DurationMs, unixMs } from '#lib/time.ts';
import type { MemoryPoint, MemorySeries } from './memory-facts.ts';

/** A value, `null` for the end of the series, `undefined` where there is no sample. */
type Written = number | null | undefined;

export type SeriesParse = { ok: true; series: MemorySeries } | { ok: false; message: string };

/** Reads promtool's notation: `up{job="a"}` and `0 1x3 2+1x4 _x2 stale`; the first value is at time 0. */
export function parseSeries(series: string, values: string, intervalMs: DurationMs): SeriesParse {
  const name = /^\s*([A-Za-z_:][\w.:]*)\s*(?:\{([\s\S]*)\})?\s*$/.exec(series);
  if (!name) return { ok: false, message: `"${series}" is not a series; write it like up{job="a"}` };
  const labels = parseLabels(name[2] ?? '');
  if (labels === null) return { ok: false, message: `"${series}": labels are written like {job="a", env="b"}` };
  const points: MemoryPoint[] = [];
  let index = 0;
  for (const word of values.trim().split(/\s+/).filter(Boolean)) {
    const written = expand(word);
    if (written === null) return { ok: false, message: `"${word}" is not a value; known: 1.5, a+bxn, a-bxn, axn, _, _xn, stale` };
    for (const value of written) {
      if (value !== undefined) points.push({ at: unixMs(index * intervalMs), value });
      index++;
    }
  }
  return { ok: true, series: { metric: name[1] ?? '', labels, points } };
}

function parseLabels(text: string): Labels | null {
  const labels: Record<string, string> = {};
  let rest = text.trim();
  while (rest !== '') {
    const found = /^([A-Za-z_][\w.]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|$)\s*/.exec(rest);
    if (!found) return null;
    labels[found[1] ?? ''] = (found[2] ?? '').replace(/\\(.)/g, '$1');
    rest = rest.slice(found[0].length);
  }
  return labels;
}

const numberPattern = '[+-]?(?:\\d+(?:\\.\\d*)?(?:[eE][+-]?\\d+)?|\\.\\d+|Inf|NaN)';
const expanding = new RegExp(`^(${numberPattern})(?:([+-])(\\d+(?:\\.\\d*)?(?:[eE][+-]?\\d+)?))?x(\\d+)$`);
const single = new RegExp(`^${numberPattern}$`);

function expand(word: string): Written[] | null {
  if (word === 'stale') return [null];
  const blank = /^_(?:x(\d+))?$/.exec(word);
  if (blank) return new Array<Written>(blank[1] === undefined ? 1 : Number(blank[1])).fill(undefined);
  if (single.test(word)) return [readNumber(word)];
  const found = expanding.exec(word);
  if (!found) return null;
  const [, start = '', sign = '+', step = '0', times = '0'] = found;
  const change = Number(step) * (sign === '-' ? -1 : 1);
  // `axn` means a and n more of it, as promtool counts.
  return Array.from({ length: Number(times) + 1 }, (_, index) => readNumber(start) + change * index);
}

const readNumber = (text: string): number => (/Inf$/.test(text) ? (text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY) : Number(text));
