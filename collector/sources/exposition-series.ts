import type { Labels } from '#lib/labels.ts';
import { ExpositionError } from './exposition-error.ts';

export interface SeriesName {
  metric: string;
  labels: Labels;
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const labelName = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const quoted = /"((?:[^"\\]|\\.)*)"/y;
const blank = /[ \t]*/y;

/** Where the name of the series ends and its value begins. */
export function seriesEnd(line: string): number {
  const name = metricName.exec(line)?.[0] ?? '';
  const open = skip(blank, line, name.length);
  if (line[open] !== '{') {
    if (name === '') throw new ExpositionError('a name is letters, digits, _ and :');
    return name.length;
  }
  let at = open + 1;
  for (;;) {
    const close = line.indexOf('}', at);
    const quote = line.indexOf('"', at);
    if (close < 0) throw new ExpositionError('the labels do not end');
    if (quote < 0 || close < quote) return close + 1;
    at = skip(quoted, line, quote);
    if (at === quote) throw new ExpositionError('a text does not end');
  }
}

/** `up{job="a"}`, or `{"up", job="a"}` where a name has other letters; an empty value is an absent label. */
export function readSeriesName(written: string): SeriesName {
  let metric = metricName.exec(written)?.[0] ?? '';
  const labels = new Map<string, string>();
  const open = skip(blank, written, metric.length);
  let at = open + 1;
  while (open < written.length) {
    at = skip(blank, written, at);
    if (written[at] === '}') break;
    const [name, afterName] = nameAt(written, at);
    at = skip(blank, written, afterName);
    if (written[at] === '=') {
      at = skip(blank, written, at + 1);
      const after = skip(quoted, written, at);
      if (after === at) throw new ExpositionError(`the value of label ${name.slice(0, 60)} is no quoted text`);
      if (labels.has(name)) throw new ExpositionError(`label ${name.slice(0, 60)} is there twice`);
      labels.set(name, unescaped(written.slice(at + 1, after - 1)));
      at = after;
    } else if (metric === '' && written[afterName - 1] === '"') metric = name;
    else throw new ExpositionError(`label ${name.slice(0, 60)} has no value`);
    at = skip(blank, written, at);
    if (written[at] === ',') at++;
    else if (written[at] !== '}') throw new ExpositionError('labels are parted by commas');
  }
  if (metric === '') throw new ExpositionError('a series without a name');
  return { metric, labels: Object.fromEntries([...labels].filter(([, value]) => value !== '')) };
}

function nameAt(written: string, at: number): [name: string, after: number] {
  if (written[at] === '"') {
    const after = skip(quoted, written, at);
    if (after > at + 2) return [unescaped(written.slice(at + 1, after - 1)), after];
  }
  const after = skip(labelName, written, at);
  if (after === at) throw new ExpositionError('a label is letters, digits and _');
  return [written.slice(at, after), after];
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

const unescaped = (text: string): string => (text.includes('\\') ? text.replace(/\\([\\"n])/g, (_, letter: string) => (letter === 'n' ? '\n' : letter)) : text);
