import type { FailureKind, OutcomeKind } from '#collector/check.ts';
import type { Ranking, Span } from '#lib/series.ts';
import { day, hour, minute, type UnixMs, unixMs } from '#lib/time.ts';
import { type Ask, bucketsIn, type Condition, rowsIn, type Scope, scoped, shown } from './questions-ask.ts';
import { quantilesOf } from './questions-quantile.ts';

/** One letter for a stretch of checks: d failed, s slow, o passed, u nothing known. */
export const stateLetter = `multiIf(sum(failed) > 0, 'd', sum(slow) > 0, 's', sum(passed) > 0, 'o', 'u')`;

interface Planned {
  probe: string;
  minutes: readonly number[];
}

/** The last 60 minutes of each probe, one letter a minute; m is a minute of which only planned checks tell. */
export async function probeMinutes(ask: Ask, { now, scope }: { now: UnixMs; scope: Scope }) {
  const from = Math.floor(now / minute) * minute - 59 * minute;
  const where = bucketsIn({ from: unixMs(from), until: unixMs(from + hour) }, scope);
  const [seen, planned] = await Promise.all([minutesSeen(ask, where), minutesPlanned(ask, { from, scope })]);
  const strips = new Map(seen.map(({ probe, strip }) => [probe, strip]));
  for (const { probe, minutes } of planned) {
    const letters = [...(strips.get(probe) ?? 'u'.repeat(60))];
    for (const minute of minutes) if (letters[minute] === 'u') letters[minute] = 'm';
    strips.set(probe, letters.join(''));
  }
  return [...strips].map(([probe, strip]) => ({ probe, strip }));
}

const minutesSeen = (ask: Ask, where: Condition) =>
  ask<{ probe: string; strip: string }>(
    `SELECT probe, arrayStringConcat(groupArrayInsertAt('u', 60)(letter, minute_index)) AS strip
FROM (
  SELECT probe, toUInt32(intDiv(toUInt32(bucket) - {from:UInt32}, 60)) AS minute_index, ${stateLetter} AS letter
  FROM check_1m WHERE ${where.sql} GROUP BY probe, minute_index
)
GROUP BY probe`,
    where.params,
  );

/** The rollups leave out what is planned, so the checks themselves are asked. */
function minutesPlanned(ask: Ask, { from, scope }: { from: number; scope: Scope }) {
  const span = rowsIn('at', { from: unixMs(from), until: unixMs(from + hour) });
  const where = scoped(scope);
  return ask<Planned>(
    `SELECT probe, groupUniqArray(60)(toUInt32(intDiv(toUnixTimestamp64Milli(at) - {from:Int64}, 60000))) AS minutes
FROM checks WHERE ${span.sql} AND attempt = 0 AND maintenance AND ${where.sql} GROUP BY probe`,
    { ...span.params, ...where.params },
  );
}

interface DayRow {
  probe: string;
  vantage: string;
  good: number;
  known: number;
  scheduled: number;
  minutes: number;
  first: number;
}

/** Scheduled checks of the last 24 hours by probe and vantage; `since` tells a probe that is new from one that was cut off. */
export async function probeDays(ask: Ask, { now, scope }: { now: UnixMs; scope: Scope }) {
  const from = unixMs(Math.floor((now - day) / minute) * minute);
  const today = bucketsIn({ from, until: unixMs(now + 1) }, scope);
  const dayBefore = bucketsIn({ from: unixMs(from - day), until: from }, scope);
  const [rows, earlier] = await Promise.all([
    ask<DayRow>(
      `SELECT probe, vantage, sum(passed) + sum(slow) AS good, good + sum(failed) AS known, sum(total) AS scheduled, toUInt32(min(bucket)) AS first,
  uniqExactIf(bucket, passed + slow + failed > 0) AS minutes
FROM check_1m WHERE ${today.sql} GROUP BY probe, vantage`,
      today.params,
    ),
    ask<{ probe: string; vantage: string }>(`SELECT probe, vantage FROM check_1h WHERE ${dayBefore.sql} GROUP BY probe, vantage`, dayBefore.params),
  ]);
  const knownBefore = new Set(earlier.map((row) => `${row.probe}\n${row.vantage}`));
  return rows.map((row) => ({
    probe: row.probe,
    vantage: row.vantage,
    good: Number(row.good),
    known: Number(row.known),
    total: Number(row.scheduled),
    minutes: Number(row.minutes),
    since: knownBefore.has(`${row.probe}\n${row.vantage}`) ? from : unixMs(Number(row.first) * 1000),
  }));
}

export async function probeSpeeds(ask: Ask, { span, scope }: { span: Span; scope: Scope }) {
  const where = bucketsIn(span, scope);
  const rows = await ask<{ probe: string; n: number; q0: number | null; q1: number | null }>(
    quantilesOf(`SELECT probe, sumMap(histogram) AS h FROM check_1m WHERE ${where.sql} GROUP BY probe`, [0.5, 0.95], ['probe']),
    where.params,
  );
  return rows.map((row) => ({ probe: row.probe, p50: row.q0, p95: row.q1, samples: Number(row.n) }));
}

interface CheckRow {
  probe: string;
  vantage: string;
  atMs: number;
  duration: number;
  result: OutcomeKind;
  failureName: FailureKind | '';
  why: string;
  planned: boolean;
}
const checkColumns = `probe, vantage, toUnixTimestamp64Milli(at) AS atMs, duration_ms AS duration, toString(outcome) AS result, failure AS failureName, reason AS why, maintenance AS planned`;
const asCheck = (row: CheckRow) => ({
  probe: row.probe,
  vantage: row.vantage,
  at: unixMs(Number(row.atMs)),
  durationMs: row.duration,
  outcome: row.result,
  failureKind: row.failureName === '' ? null : row.failureName,
  reason: row.why === '' ? null : row.why,
  maintenance: row.planned,
});

/** Scheduled checks newest first, at most `each` of one probe (and vantage). */
export async function recentChecks(ask: Ask, { span, scope, each, by }: { span: Span; scope: Scope; each: number; by: 'probe' | 'vantage' }) {
  const during = rowsIn('at', span);
  const where = scoped(scope);
  const rows = await ask<CheckRow>(
    `SELECT ${checkColumns}
FROM checks WHERE ${during.sql} AND attempt = 0 AND ${where.sql}
ORDER BY at DESC LIMIT {each:UInt32} BY ${by === 'probe' ? 'probe' : 'probe, vantage'}`,
    { ...during.params, ...where.params, each },
  );
  return rows.map(asCheck);
}

/** Every attempt with its evidence, newest first. */
export async function checkRecords(ask: Ask, { span, probe, failuresOnly, limit }: { span: Span; probe: string; failuresOnly: boolean; limit: number }) {
  const during = rowsIn('at', span);
  const rows = await ask<CheckRow & { phases: Record<string, number>; evidence: string; attempt: number }>(
    `SELECT ${checkColumns}, phases, evidence, attempt
FROM checks WHERE ${during.sql} AND probe = {probe:String}${failuresOnly ? ` AND outcome = 'fail'` : ''}
ORDER BY at DESC LIMIT {limit:UInt32}`,
    { ...during.params, probe, limit },
  );
  return rows.map((row) => ({ ...asCheck(row), phases: row.phases, evidence: parsedEvidence(row.evidence), attempt: Number(row.attempt) }));
}

function parsedEvidence(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : { value };
  } catch {
    return text === '' ? {} : { text };
  }
}

export async function phaseTimes(ask: Ask, { span, probe }: { span: Span; probe: string }) {
  const during = rowsIn('at', span);
  return ask<{ phase: string; p50Ms: number; p95Ms: number }>(
    `SELECT phase, quantileExact(0.5)(ms) AS p50Ms, quantileExact(0.95)(ms) AS p95Ms
FROM (SELECT phases FROM checks WHERE ${during.sql} AND probe = {probe:String} AND attempt = 0 ORDER BY at DESC LIMIT 20000)
ARRAY JOIN mapKeys(phases) AS phase, mapValues(phases) AS ms
GROUP BY phase ORDER BY indexOf(['dns', 'connect', 'tls', 'firstByte', 'body'], toString(phase))`,
    { ...during.params, probe },
  );
}

export async function failureKinds(ask: Ask, { span, scope }: { span: Span; scope: Scope }): Promise<Ranking> {
  const during = rowsIn('at', span);
  const where = scoped(scope);
  const statement = `SELECT failure AS key, count() AS value FROM checks WHERE ${during.sql} AND attempt = 0 AND outcome = 'fail' AND NOT maintenance AND ${where.sql} GROUP BY key ORDER BY value DESC, key`;
  const params = { ...during.params, ...where.params };
  const rows = await ask<{ key: string; value: number }>(statement, params);
  return { rows: rows.map((row) => ({ key: row.key, value: Number(row.value) })), distinct: rows.length, sql: shown(statement, params) };
}
