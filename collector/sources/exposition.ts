import { ExpositionError } from './exposition-error.ts';
import { seriesEnd } from './exposition-series.ts';

/** What a program exposes of itself for Prometheus: the text format 0.0.4, or OpenMetrics 1.0. Strict: one bad line spoils the whole. */
export interface ExpositionOptions<Series> {
  openMetrics: boolean;
  /** Samples at most; more are an error. */
  most: number;
  /** The series a text such as `up{job="a"}` names; asked once for each sample. */
  series(written: string): Series;
}

export interface ExposedSample<Series> {
  series: Series;
  value: number;
  /** In ms since 1970, where the line says one. */
  at?: number;
}

export interface Exposition<Series> {
  samples: ExposedSample<Series>[];
  /** Read over: samples are kept without them. */
  exemplars: number;
}

const types = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);
const openTypes = new Set(['counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset', 'unknown']);
const shownChars = 80;

export function readExposition<Series>(text: string, options: ExpositionOptions<Series>): Exposition<Series> {
  const read: Exposition<Series> = { samples: [], exemplars: 0 };
  let ended = false;
  let number = 0;
  for (let from = 0; from < text.length; ) {
    const next = text.indexOf('\n', from);
    const line = text.slice(from, next < 0 ? text.length : next);
    from = next < 0 ? text.length : next + 1;
    number++;
    try {
      if (ended) throw new ExpositionError('there is something after # EOF');
      ended = options.openMetrics ? openLine(line, options, read) : plainLine(line, options, read);
    } catch (error) {
      if (!(error instanceof ExpositionError)) throw error;
      throw new ExpositionError(`line ${number}: ${error.message}: ${JSON.stringify(line.slice(0, shownChars))}`);
    }
    if (read.samples.length > options.most) throw new ExpositionError(`more than ${options.most} samples`);
  }
  if (options.openMetrics && !ended) throw new ExpositionError(`line ${number}: it does not end with # EOF`);
  return read;
}

function plainLine<Series>(line: string, options: ExpositionOptions<Series>, read: Exposition<Series>): false {
  const written = line.replace(/^[ \t]+|[ \t\r]+$/g, '');
  if (written === '') return false;
  if (written.startsWith('#')) {
    const [, type] = /^#[ \t]*TYPE[ \t]+\S+[ \t]*(.*)$/.exec(written) ?? [];
    if (type !== undefined && !types.has(type)) throw new ExpositionError(`"${type.slice(0, 40)}" is no type of a metric`);
    return false;
  }
  const end = seriesEnd(written);
  const [, value, time, rest] = /^[ \t]*(\S+)(?:[ \t]+(\S+))?(.*)$/.exec(written.slice(end)) ?? [];
  if (rest) throw new ExpositionError('there is something after the time');
  const at = time === undefined ? undefined : milliseconds(time);
  read.samples.push({ series: options.series(written.slice(0, end)), value: numberOf(value), ...(at !== undefined && { at }) });
  return false;
}

/** True for the last line there may be. */
function openLine<Series>(line: string, options: ExpositionOptions<Series>, read: Exposition<Series>): boolean {
  if (line === '# EOF') return true;
  if (line.startsWith('#')) {
    const [, keyword, type] = /^# (HELP|TYPE|UNIT) \S+(?: (.*))?$/.exec(line) ?? [];
    if (keyword === undefined) throw new ExpositionError('a line with # is HELP, TYPE, UNIT or EOF');
    if (keyword === 'TYPE' && !openTypes.has(type ?? '')) throw new ExpositionError(`"${(type ?? '').slice(0, 40)}" is no type of a metric`);
    return false;
  }
  const end = seriesEnd(line);
  const [, value, time, exemplar] = /^ (\S+)(?: ([^\s#]\S*))?( # .*)?$/.exec(line.slice(end)) ?? [];
  const at = time === undefined ? undefined : Math.round(numberOf(time) * 1_000);
  if (at !== undefined && !Number.isFinite(at)) throw new ExpositionError(`"${String(time)}" is no time`);
  if (exemplar !== undefined) {
    read.exemplars++;
    checkExemplar(exemplar.slice(3));
  }
  read.samples.push({ series: options.series(line.slice(0, end)), value: numberOf(value), ...(at !== undefined && { at }) });
  return false;
}

function checkExemplar(text: string): void {
  const end = text.startsWith('{') ? seriesEnd(text) : 0;
  const [, value, time] = /^ (\S+)(?: (\S+))?$/.exec(text.slice(end)) ?? [];
  if (end === 0) throw new ExpositionError('an exemplar begins with its labels');
  numberOf(value);
  if (time !== undefined) numberOf(time);
}

const numeric = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const endless = /^([+-]?)inf(?:inity)?$/i;

function numberOf(text: string | undefined): number {
  if (text === undefined) throw new ExpositionError('there is no value');
  if (numeric.test(text)) return Number(text);
  const [, sign] = endless.exec(text) ?? [];
  if (sign !== undefined) return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^[+-]?nan$/i.test(text)) return Number.NaN;
  throw new ExpositionError(`"${text.slice(0, 40)}" is no value`);
}

function milliseconds(text: string): number {
  if (/^[+-]?\d{1,16}$/.test(text)) return Number(text);
  throw new ExpositionError(`"${text.slice(0, 40)}" is no time in milliseconds`);
}
