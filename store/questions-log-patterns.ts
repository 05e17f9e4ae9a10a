import type { Span } from '#lib/series.ts';
import { type UnixMs, unixMs } from '#lib/time.ts';
import type { Ask } from './questions-ask.ts';
import { type LogSearch, levelOf, matching } from './questions-log-search.ts';

/** Lines looked at in one answer at most; of more, an even sample. */
const mostSampled = 50_000;
const mostShapes = 3_000;
/** How many steps a pattern's small line has. */
const patternSteps = 30;

export interface ShapesQuestion {
  search: LogSearch;
  /** Counted apart before and after. */
  since: UnixMs;
  /** Expressions and what takes the place of what they match, in this order. */
  masks: readonly (readonly [pattern: string, as: string])[];
}

interface ShapeRow {
  shape: string;
  fixed: number;
  n: number;
  n_before: number;
  gravest: number;
  services: string[];
  firstAt: number;
  counts: number[];
  example: string;
}

const names = ['info', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** Of the lines that match, or a sample of them, those alike once masked, with how many there are and when. */
export async function logShapes(ask: Ask, { search, since, masks }: ShapesQuestion) {
  const where = matching(search);
  const [first] = await ask<{ n: number }>(`SELECT count() AS n FROM logs WHERE ${where.sql}`, where.params);
  const total = Number(first?.n ?? 0);
  const every = Math.max(1, Math.ceil(total / mostSampled));
  const { span } = search;
  const params = { ...where.params, ...stepsOf(span), since, every };
  const masked = masks.reduce((text, _mask, index) => `replaceRegexpAll(${text}, {mask${index}:String}, {as${index}:String})`, 'substringUTF8(body, 1, 400)');
  const bound = Object.fromEntries(
    masks.flatMap(
      ([pattern, as], index) =>
        [
          [`mask${index}`, pattern],
          [`as${index}`, as],
        ] as const,
    ),
  );
  const rows = await ask<ShapeRow>(
    `SELECT shape, fixed, count() AS n, countIf(at_ms < {since:Int64}) AS n_before, max(grave) AS gravest, groupUniqArray(5)(service) AS services, min(at_ms) AS firstAt,
  countResample(0, ${patternSteps}, 1)(step) AS counts, any(substringUTF8(body, 1, 400)) AS example
FROM (
  SELECT toString(service) AS service, body, toUnixTimestamp64Milli(timestamp) AS at_ms, method != '' OR login_outcome != '' AS fixed,
    indexOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal'], ${levelOf}) AS grave,
    toUInt32(least(${patternSteps - 1}, intDiv(toUnixTimestamp64Milli(timestamp) - {stepsFrom:Int64}, {stepMs:Int64}))) AS step,
    multiIf(login_outcome != '', concat('login ', login_outcome, if(login_reason = '', '', concat(': ', login_reason))), method != '', concat(method, ' ', route, if(status = 0, '', concat(' → ', toString(status)))), ${masked}) AS shape
  FROM logs WHERE ${where.sql} AND cityHash64(timestamp, client, path, length(body)) % {every:UInt32} = 0 LIMIT ${2 * mostSampled}
) GROUP BY shape, fixed ORDER BY n DESC, shape LIMIT ${mostShapes}`,
    { ...params, ...bound },
  );
  const shapes = rows.map((row) => ({
    text: row.shape,
    fixed: Number(row.fixed) === 1,
    count: Number(row.n),
    before: Number(row.n_before),
    level: names[Number(row.gravest)] ?? 'info',
    services: row.services,
    firstAt: unixMs(Number(row.firstAt)),
    counts: row.counts.map(Number),
    example: row.example,
  }));
  return { total, sampled: shapes.reduce((sum, { count }) => sum + count, 0), every, whole: rows.length < mostShapes, shapes };
}

const stepsOf = ({ from, until }: Span) => ({ stepsFrom: from, stepMs: Math.max(1, Math.ceil((until - from) / patternSteps)) });
