import type { Lines } from '#lib/series.ts';
import { type UnixMs, unixMs } from '#lib/time.ts';
import { type Ask, type Condition, shown } from './questions-ask.ts';
import { gridFor, type LineRow, laid } from './questions-grid.ts';
import { type LogSearch, levelOf, matching, placeOf } from './questions-log-search.ts';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

async function histogram(ask: Ask, search: LogSearch & { now: UnixMs }, where: Condition): Promise<Lines> {
  const grid = gridFor(search.span, search.now);
  const statement = `SELECT toUInt32(intDiv(toUnixTimestamp64Milli(timestamp) - {gridFrom:Int64}, {stepMs:Int64})) AS step_index, ${levelOf} AS line, count() AS n
FROM logs WHERE ${where.sql} GROUP BY step_index, line ORDER BY step_index`;
  const params = { ...where.params, gridFrom: grid.span.from, stepMs: grid.stepMs };
  const rows = await ask<{ step_index: number; line: string; n: number }>(statement, params);
  const laidRows = rows.map((row): LineRow => ({ step: row.step_index, line: row.line, value: Number(row.n), samples: Number(row.n) }));
  const present = levels.filter((level) => rows.some((row) => row.line === level));
  const lines = laid(grid, laidRows, { keys: present, sql: shown(statement, params) });
  // Counting rows: a step without rows is a true zero, not a gap.
  return { ...lines, lines: lines.lines.map((line) => ({ ...line, values: line.values.map((value) => value ?? 0) })) };
}

const facetColumns = {
  service: 'toString(service)',
  level: levelOf,
  status: `if(status = 0, '', toString(status))`,
  outcome: 'toString(outcome)',
  source: 'toString(source)',
  route: 'toString(route)',
  reason: 'toString(login_reason)',
  client: 'client',
  user: 'user',
};

async function facets(ask: Ask, where: Condition): Promise<{ name: string; values: { value: string; count: number }[] }[]> {
  const names = Object.keys(facetColumns);
  const selected = Object.entries(facetColumns)
    .map(([name, expression]) => `${expression} AS facet_${name}`)
    .join(', ');
  const columns = names.map((name) => `facet_${name}`);
  const statement = `SELECT which, seen, n FROM (
  SELECT multiIf(${columns.map((column, index) => `grouping(${column}) = 0, '${names[index]}'`).join(', ')}, '') AS which,
    multiIf(${columns.map((column) => `grouping(${column}) = 0, ${column}`).join(', ')}, '') AS seen, count() AS n
  FROM (SELECT ${selected} FROM logs WHERE ${where.sql})
  GROUP BY GROUPING SETS (${columns.map((column) => `(${column})`).join(', ')})
) WHERE seen != '' ORDER BY which, n DESC, seen LIMIT 12 BY which`;
  const rows = await ask<{ which: string; seen: string; n: number }>(statement, where.params);
  return names.map((name) => ({ name, values: rows.filter((row) => row.which === name).map((row) => ({ value: row.seen, count: Number(row.n) })) })).filter((facet) => facet.values.length > 0);
}

interface RecordRow {
  atMs: number;
  service: string;
  source: string;
  level: string;
  body: string;
  fields: [string, string][];
  attributes: Record<string, string>;
}

const fieldColumns: [string, string][] = [
  ['http.request.method', 'toString(method)'],
  ['url.path', 'path'],
  ['http.route', 'toString(route)'],
  ['http.response.status_code', `if(status = 0, '', toString(status))`],
  ['http.server.request.duration', `ifNull(toString(duration_s), '')`],
  ['http.response.body.size', `ifNull(toString(bytes), '')`],
  ['client.address', 'client'],
  ['user.name', 'user'],
  ['user_agent.original', 'toString(user_agent)'],
  ['outcome', 'toString(outcome)'],
  ['error.type', 'toString(error_type)'],
  ['login.outcome', 'toString(login_outcome)'],
  ['login.reason', 'toString(login_reason)'],
  ['login.method', 'toString(login_method)'],
  ['login.count', `if(login_count = 0, '', toString(login_count))`],
];

/** One page, newest first, in an order that does not change between pages. */
async function page(ask: Ask, search: LogSearch, where: Condition) {
  const place = placeOf(search.before);
  const below = place === null ? '' : ` AND timestamp <= fromUnixTimestamp64Milli({placeAt:Int64}, 'UTC')`;
  const seen = place?.seen ?? 0;
  const rows = await ask<RecordRow>(
    `SELECT toUnixTimestamp64Milli(timestamp) AS atMs, toString(service) AS service, toString(source) AS source, ${levelOf} AS level, body, attributes,
  arrayFilter(field -> field.2 != '', [${fieldColumns.map(([name, column]) => `('${name}', ${column})`).join(', ')}]) AS fields
FROM logs WHERE ${where.sql}${below}
ORDER BY timestamp DESC, cityHash64(service, source, body, path, client, user) LIMIT {limit:UInt32} OFFSET {seen:UInt32}`,
    { ...where.params, limit: search.limit, seen, ...(place === null ? {} : { placeAt: place.at }) },
  );
  const records = rows.map((row) => ({
    at: unixMs(Number(row.atMs)),
    service: row.service,
    source: row.source,
    level: row.level,
    body: row.body,
    attributes: { ...Object.fromEntries(row.fields.map((field) => Object.values(field) as [string, string])), ...row.attributes },
  }));
  const last = records.at(-1);
  if (!last || records.length < search.limit) return { records, next: null };
  const ofLast = records.filter((record) => record.at === last.at).length;
  return { records, next: `${last.at}.${place?.at === last.at ? seen + ofLast : ofLast}` };
}

/** A search over the log records: how many, when, of which kinds, and one page of them. */
export async function logs(ask: Ask, search: LogSearch & { now: UnixMs }) {
  const where = matching(search);
  const [over, kinds, records] = await Promise.all([histogram(ask, search, where), facets(ask, where), page(ask, search, where)]);
  const total = over.lines.reduce((sum, line) => sum + line.samples, 0);
  return { total, histogram: over, facets: kinds, ...records };
}

/** State changes of alerts inside the span, for marks on charts. */
export async function alertMarks(ask: Ask, { span, limit }: { span: { from: UnixMs; until: UnixMs }; limit: number }) {
  const rows = await ask<{ atMs: number; rule: string; fingerprint: string; to_state: string }>(
    `SELECT toUnixTimestamp64Milli(at) AS atMs, toString(rule) AS rule, fingerprint, toString(to_state) AS to_state
FROM alert_transitions WHERE at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Milli({until:Int64}, 'UTC') AND to_state IN ('firing', 'resolved')
ORDER BY at DESC LIMIT {limit:UInt32}`,
    { from: span.from, until: span.until, limit },
  );
  return rows.map((row) => ({ at: unixMs(Number(row.atMs)), rule: row.rule, fingerprint: row.fingerprint, to: row.to_state }));
}

/** The newest stored instants; a day back at most, since older than that reads as "nothing". */
export async function newest(ask: Ask, { now }: { now: UnixMs }): Promise<{ checks: UnixMs | null; logs: UnixMs | null }> {
  const rows = await ask<{ checksAt: number; logsAt: number }>(
    `SELECT (SELECT toUnixTimestamp64Milli(max(at)) FROM checks WHERE at > fromUnixTimestamp64Milli({since:Int64}, 'UTC')) AS checksAt,
  (SELECT toUnixTimestamp64Milli(max(timestamp)) FROM logs WHERE timestamp > fromUnixTimestamp64Milli({since:Int64}, 'UTC')) AS logsAt`,
    { since: now - 86_400_000 },
  );
  const known = (ms: number | null | undefined): UnixMs | null => (Number(ms ?? 0) > 0 ? unixMs(Number(ms)) : null);
  return { checks: known(rows[0]?.checksAt), logs: known(rows[0]?.logsAt) };
}
