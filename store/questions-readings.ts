import type { Reading } from '#lib/series.ts';
import { day, hour, minute, second, type UnixMs, unixMs } from '#lib/time.ts';
import { type Ask, bucketsIn, type Condition, type Scope } from './questions-ask.ts';
import { quantilesOf } from './questions-quantile.ts';

export interface ReadingQuestion {
  now: UnixMs;
  zone: string;
  scope: Scope;
}

/** What a reading divides or ranks, and over how long "now" looks back. */
interface Measure {
  family: 'request' | 'login' | 'check';
  /** A ratio's parts, or a percentile of the histogram. */
  of: { part: string; whole: string } | { quantile: number };
  nowMs: number;
}

const recentMs = 2 * minute;
const rareMs = 5 * minute;
const measures = {
  errorRatio: { family: 'request', of: { part: 'sum(errors)', whole: 'sum(total)' }, nowMs: recentMs },
  latency: { family: 'request', of: { quantile: 0.95 }, nowMs: recentMs },
  loginFailure: { family: 'login', of: { part: 'sum(failed)', whole: 'sum(attempts)' }, nowMs: rareMs },
  availability: { family: 'check', of: { part: 'sum(passed) + sum(slow)', whole: 'sum(passed) + sum(slow) + sum(failed)' }, nowMs: day },
} as const satisfies Record<string, Measure>;

export const errorRatioNow = (ask: Ask, question: ReadingQuestion): Promise<Reading> => reading(ask, question, measures.errorRatio);
export const latencyNow = (ask: Ask, question: ReadingQuestion): Promise<Reading> => reading(ask, question, measures.latency);
export const loginFailureNow = (ask: Ask, question: ReadingQuestion): Promise<Reading> => reading(ask, question, measures.loginFailure);
export const availabilityNow = (ask: Ask, question: ReadingQuestion): Promise<Reading> => reading(ask, question, measures.availability);

/** Groups of one table that met the condition, each with its value and how many observations stand behind it. */
function valued(measure: Measure, table: string, { sql, key }: { sql: string; key: string }): string {
  if ('quantile' in measure.of) return quantilesOf(`SELECT ${key} AS k, sumMap(histogram) AS h FROM ${table} WHERE ${sql} GROUP BY k`, [measure.of.quantile], ['k']).replace(' AS q0', ' AS value');
  const { part, whole } = measure.of;
  return `SELECT ${key} AS k, ${whole} AS n, if(n = 0, NULL, (${part}) / n) AS value FROM ${table} WHERE ${sql} GROUP BY k`;
}

interface ValueRow {
  k: number;
  n: number;
  value: number | null;
}

async function overall(ask: Ask, measure: Measure, { table, where }: { table: string; where: Condition }): Promise<{ value: number | null; samples: number }> {
  const [row] = await ask<ValueRow>(valued(measure, table, { sql: where.sql, key: '0' }), where.params);
  return { value: row?.value ?? null, samples: Number(row?.n ?? 0) };
}

/** Days that are over do not change: what was normal is asked of one engine once a minute, not once a reader. */
const remembered = new WeakMap<Ask, Map<string, { until: UnixMs; normal: Promise<number | null> }>>();

function normalFor(ask: Ask, question: ReadingQuestion, measure: Measure): Promise<number | null> {
  const known = remembered.get(ask) ?? new Map<string, { until: UnixMs; normal: Promise<number | null> }>();
  remembered.set(ask, known);
  const key = JSON.stringify([measure, question.scope, question.zone, Math.floor(question.now / hour)]);
  const found = known.get(key);
  if (found && found.until > question.now) return found.normal;
  if (known.size > 200) known.clear();
  const normal = middleDay(ask, question, measure);
  known.set(key, { until: unixMs(question.now + minute), normal });
  normal.catch(() => known.delete(key));
  return normal;
}

/** The same hour of the seven days before; the middle day's value, so that one bad day does not become normal. */
async function middleDay(ask: Ask, question: ReadingQuestion, measure: Measure): Promise<number | null> {
  const startOfHour = Math.floor(question.now / hour) * hour;
  const where = bucketsIn({ from: unixMs(startOfHour - 7 * day - hour), until: unixMs(startOfHour - 12 * hour) }, question.scope);
  const sameHour = `toHour(toTimeZone(bucket, {zone:String})) = toHour(toTimeZone(toDateTime({nowSeconds:UInt32}, 'UTC'), {zone:String}))`;
  const days = valued(measure, `${measure.family}_1h`, { sql: `${where.sql} AND ${sameHour}`, key: 'toUInt32(bucket)' });
  const rows = await ask<{ normal: number | null; seen: number }>(`SELECT quantileExactLow(0.5)(value) AS normal, count() AS seen FROM (${days}) WHERE n > 0`, {
    ...where.params,
    zone: question.zone,
    nowSeconds: Math.floor(question.now / 1000),
  });
  return Number(rows[0]?.seen ?? 0) > 0 ? (rows[0]?.normal ?? null) : null;
}

interface Minutes {
  spark: (number | null)[];
  /** Counted over the 50 minutes that ended ten minutes ago. */
  before: number | null;
}

async function minutesFor(ask: Ask, question: ReadingQuestion, measure: Measure): Promise<Minutes> {
  const lastMinute = Math.floor(question.now / minute) * minute;
  const from = lastMinute - 59 * minute;
  const where = bucketsIn({ from: unixMs(from), until: unixMs(lastMinute + minute) }, question.scope);
  const rows = await ask<ValueRow>(valued(measure, `${measure.family}_1m`, { sql: where.sql, key: 'toUInt32(bucket)' }), where.params);
  const spark = Array.from({ length: 60 }, (): number | null => null);
  const counted = rows.map((row) => ({ index: Math.round((Number(row.k) * 1000 - from) / minute), samples: Number(row.n), value: row.value }));
  for (const row of counted) spark[row.index] = row.value;
  const earlier = counted.filter((row) => row.index < 50);
  const samples = earlier.reduce((sum, row) => sum + row.samples, 0);
  return { spark, before: samples === 0 ? null : earlier.reduce((sum, row) => sum + (row.value ?? 0) * row.samples, 0) / samples };
}

/** A ratio's minutes add up; percentiles do not, and are merged anew. */
async function beforeFor(ask: Ask, question: ReadingQuestion, measure: Measure): Promise<number | null> {
  if (!('quantile' in measure.of)) return null;
  const { now, scope } = question;
  const lastMinute = Math.floor(now / minute) * minute;
  const where = bucketsIn({ from: unixMs(lastMinute - 59 * minute), until: unixMs(lastMinute - 9 * minute) }, scope);
  return (await overall(ask, measure, { table: `${measure.family}_1m`, where })).value;
}

/** `now` reads whole ten-second steps and the one that has just begun, so a fault shows within seconds. */
async function reading(ask: Ask, question: ReadingQuestion, measure: Measure): Promise<Reading> {
  const { now, scope } = question;
  const short = measure.nowMs < hour;
  const grain = short ? 10 * second : minute;
  const nowFrom = unixMs(Math.floor((now - measure.nowMs) / grain) * grain + grain);
  const [current, before, normal, minutes] = await Promise.all([
    overall(ask, measure, { table: `${measure.family}_${short ? '10s' : '1m'}`, where: bucketsIn({ from: nowFrom, until: unixMs(now + 1) }, scope) }),
    beforeFor(ask, question, measure),
    normalFor(ask, question, measure),
    minutesFor(ask, question, measure),
  ]);
  return { ...current, normal, before: 'quantile' in measure.of ? before : minutes.before, spark: minutes.spark };
}
