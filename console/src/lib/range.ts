import { iso, parseIso, type UnixMs, unixMs } from '#lib/time.ts';

export const presets = ['15m', '1h', '24h', '7d'] as const;
export type Preset = (typeof presets)[number];
export const presetMs: Readonly<Record<Preset, number>> = { '15m': 900_000, '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000 };

/** The time a page speaks about, as its address says; the default is the last hour. */
export type Range = { preset: Preset } | { preset: null; from: UnixMs; to: UnixMs };

const isPreset = (text: string | null): text is Preset => presets.some((preset) => preset === text);

/** What is asked of a query: less than `URLSearchParams`, so that Kit's read-only one and its tracking proxy serve as well. */
export interface Query {
  get(name: string): string | null;
}
/** What is asked of an address. */
export interface Address {
  pathname: string;
  search: string;
  searchParams: Query;
}

export function readRange(query: Query): Range {
  const from = parseIso(query.get('from') ?? '');
  const to = parseIso(query.get('to') ?? '');
  if (from !== undefined && to !== undefined && from < to) return { preset: null, from, to };
  const preset = query.get('range');
  return { preset: isPreset(preset) ? preset : '1h' };
}

export function rangeBounds(range: Range, now: UnixMs): { from: UnixMs; to: UnixMs } {
  return range.preset === null ? { from: range.from, to: range.to } : { from: unixMs(now - presetMs[range.preset]), to: now };
}

/** The same address with another range; everything else in it stays. */
export function withRange(url: Address, range: Range): string {
  const query = new URLSearchParams(url.search);
  for (const name of ['range', 'from', 'to']) query.delete(name);
  if (range.preset === null) {
    query.set('from', iso(range.from));
    query.set('to', iso(range.to));
  } else if (range.preset !== '1h') query.set('range', range.preset);
  return address(url.pathname, query);
}

/** The same address with one value set, or taken out when it is null. */
export function withValue(url: Address, name: string, value: string | null): string {
  const query = new URLSearchParams(url.search);
  if (value === null || value === '') query.delete(name);
  else query.set(name, value);
  return address(url.pathname, query);
}

/** Another page with the time range of this one, so a question keeps its time when one walks on. */
export function keepRange(path: string, url: Address): string {
  const query = new URLSearchParams();
  for (const name of ['range', 'from', 'to', 'live']) {
    const value = url.searchParams.get(name);
    if (value !== null) query.set(name, value);
  }
  return address(path, query);
}

/** The range of an address as the query the API takes. */
export function rangeQuery(url: Address, now: UnixMs): string {
  const { from, to } = rangeBounds(readRange(url.searchParams), now);
  return `from=${iso(from)}&to=${iso(to)}`;
}

function address(path: string, query: URLSearchParams): string {
  const text = query.toString().replaceAll('%3A', ':');
  return text === '' ? path : `${path}?${text}`;
}

const absoluteForm = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})$/;

/** An instant as `YYYY-MM-DDTHH:MM` on the wall clock of a zone, as date inputs want it. */
export function wallClock(at: UnixMs, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).formatToParts(at);
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}`;
}

/** The instant a wall clock text means in a zone; undefined when the text is not one. */
export function fromWallClock(text: string, zone: string): UnixMs | undefined {
  if (!absoluteForm.test(text)) return undefined;
  const asUtc = Date.parse(`${text}:00Z`);
  // Two rounds: the second corrects a first guess that fell on the other side of a clock change.
  let guess = asUtc;
  for (let round = 0; round < 2; round++) guess += asUtc - Date.parse(`${wallClock(unixMs(guess), zone)}:00Z`);
  return unixMs(guess);
}
