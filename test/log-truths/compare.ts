import { readFileSync } from 'node:fs';
import type { LogSummary } from '#collector/summary.ts';
import type { Event } from './read.ts';

/** One line of the table. */
export interface Row {
  path: string;
  what: string;
  expected: unknown;
  got: unknown;
}

/** A truth as the samples' own file writes it. */
export type Truth = Readonly<Record<string, unknown>>;
export interface Sample {
  path: string;
  file: string;
  summary: LogSummary;
  events: readonly Event[];
}

type Pair = readonly [what: string, expected: unknown, got: unknown];
export const rows = (path: string, pairs: readonly Pair[]): Row[] => pairs.map(([what, expected, got]) => ({ path, what, expected, got }));

export const tally = (values: readonly unknown[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
  return counts;
};
export const attribute = (events: readonly Event[], name: string): unknown[] => events.map(({ attributes }) => attributes[name]).filter((value) => value !== undefined);
const rank = (values: readonly unknown[], p: number): number | null => {
  const sorted = values.map(Number).sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? null;
};
const nearest = (truth: unknown, p: string): unknown => ((truth as Truth)[p] as Truth | null)?.nearest_rank ?? null;
const total = (values: readonly unknown[]): number => values.reduce<number>((sum, value) => sum + Number(value), 0);
const utc = (text: unknown): string => new Date(String(text)).toISOString();
export const written = (text: unknown): string =>
  new Date(
    `${String(text)
      .replace(/[,]/, '.')
      .replace(/^(\d{2})\//, '20$1/')
      .replaceAll('/', '-')
      .replace(' ', 'T')}Z`,
  ).toISOString();

/** Access logs: what the whole holds. */
export function accessRows({ path, summary, events }: Sample, truth: Truth): Row[] {
  const sizes = attribute(events, 'http.response.body.size');
  const known = truth.bytes as Truth;
  // A line cut off inside the user agent still tells its status and size, but is no event.
  const cutOff = (truth.strict_combined_malformed_lines ?? truth.malformed_line_numbers) as number[];
  const whole = cutOff.length === 0;
  return rows(path, [
    ['lines', truth.total, summary.lines],
    ['malformed lines', cutOff, summary.malformedLines],
    ['status', truth.status, summary.status],
    ['methods', truth.methods, summary.methods],
    ['clients', truth.distinct_client_ips, summary.clients],
    ['first', utc(truth.first), summary.first],
    ['last', utc(truth.last), summary.last],
    ...(whole
      ? ([
          ['sizes', known.n, sizes.length],
          ['sizes p50', nearest(known, 'p50'), rank(sizes, 0.5)],
          ['sizes p95', nearest(known, 'p95'), rank(sizes, 0.95)],
          ['sizes sum', known.sum, total(sizes)],
        ] as const)
      : ([
          ['sizes p50', nearest(known, 'p50'), rank(sizes, 0.5)],
          ['sizes max', known.max, rank(sizes, 1)],
        ] as const)),
    ['busiest client', (truth.top5_ips as [string, number][])[0]?.[1], Math.max(...Object.values(tally(attribute(events, 'client.address'))))],
    ['paths', truth.distinct_paths_without_query, new Set(attribute(events, 'url.path')).size],
  ]);
}

/** The login log of a host. */
export function loginRows({ path, summary, events }: Sample, truth: Truth): Row[] {
  const { login } = summary;
  const failed = events.filter(({ attributes }) => attributes['login.outcome'] === 'failed');
  const accepted = events.filter(({ attributes }) => attributes['login.outcome'] === 'accepted');
  const perDay: Record<string, number> = {};
  for (const { time, attributes } of failed) perDay[time.slice(5, 10)] = (perDay[time.slice(5, 10)] ?? 0) + Number(attributes['login.count']);
  const days = Object.entries(truth.failed_auth_events_per_day as Record<string, number>).map(([day, count]) => [
    `${day.startsWith('Mar') ? '03' : '04'}-${day.slice(4).trim().padStart(2, '0')}`,
    count,
  ]);
  const byWhom = Object.fromEntries((truth.accepted as [string, string, string, number][]).map(([method, user, address, count]) => [`${method} ${user} ${address}`, count]));
  const who = tally(accepted.map(({ attributes: at }) => `${at['login.method']} ${at['user.name']} ${at['client.address']}`));
  return rows(path, [
    ['failed lines', truth.failed_auth_lines, login.failedLines],
    ['failed attempts', truth.failed_auth_events_expanded, login.failedEvents],
    ['accepted', truth.accepted_lines, login.accepted],
    ['sources', truth.distinct_ips_failed_auth, login.sources],
    ['top sources', (truth.top5_ips_failed_auth as unknown[]).slice(0, 3), login.topSources.slice(0, 3)],
    ['users', truth.distinct_users_failed_auth, login.users],
    ['methods', { password: truth.failed_method_password, publickey: truth.failed_method_publickey }, tally(failed.map(({ attributes }) => attributes['login.method']))],
    ['attempts by day', Object.fromEntries(days), perDay],
    ['accepted by whom', byWhom, Object.fromEntries(Object.keys(byWhom).map((name) => [name, who[name]]))],
  ]);
}

const severityOf: Readonly<Record<string, string>> = { notice: 'info', warning: 'warn' };
const levelCounts = (levels: unknown): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const [name, count] of Object.entries(levels as Record<string, number>)) {
    const severity = severityOf[name.toLowerCase()] ?? name.toLowerCase();
    counts[severity] = (counts[severity] ?? 0) + count;
  }
  return counts;
};

/** Program logs: how many events of which level, and when the first and the last line were written (not the earliest and latest). */
export function levelRows({ path, summary, events }: Sample, truth: Truth): Row[] {
  const times = (text: unknown): string => (/^[A-Z]/.test(String(text)) ? new Date(`${String(text)} UTC`).toISOString() : written(text));
  return rows(path, [
    ['severity', levelCounts(truth.levels), summary.severity],
    ['malformed', truth.non_matching_lines ?? truth.orphan_lines_before_first_event ?? 0, summary.malformed],
    ...(truth.events === undefined ? [] : ([['events', truth.events, summary.events]] as const)),
    ...(truth.continuation_lines === undefined ? [] : ([['lines behind the first of an event', truth.continuation_lines, summary.lines - summary.blank - summary.events]] as const)),
    ['first line', times(truth.first), events[0]?.time],
    ['last line', times(truth.last), events.at(-1)?.time],
  ]);
}

export function openstackRows({ path, summary, events }: Sample, truth: Truth): Row[] {
  const seconds = truth.api_time_seconds;
  const sizes = attribute(events, 'http.response.body.size');
  const files = attribute(events, 'log.file.name').map((name) => String(name).replace(/\.log.*$/, ''));
  return rows(path, [
    ['events', truth.log_lines_matching_oslo_format, summary.events],
    ['severity', levelCounts(truth.levels), summary.severity],
    ['by file', truth.by_log_file, tally(files)],
    ['status', truth.api_status, summary.status],
    ['seconds', { n: truth.api_request_lines, p50: nearest(seconds, 'p50'), p95: nearest(seconds, 'p95'), max: (seconds as Truth).max }, summary.durationSeconds],
    ['sizes', (truth.api_len_bytes as Truth).sum, total(sizes)],
  ]);
}

export function healthRows({ path, summary, events }: Sample, truth: Truth): Row[] {
  const stamp = (text: unknown): string => {
    const [, date = '', ...clock] = /^(\d{8})-(\d+):(\d+):(\d+):(\d+)$/.exec(String(text)) ?? [];
    const [h, m, s, ms] = clock.map(Number) as [number, number, number, number];
    return new Date(Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6)), h, m, s, ms)).toISOString();
  };
  const components = tally(attribute(events, 'component'));
  const known = truth['components(top)'] as Record<string, number>;
  return rows(path, [
    ['malformed', truth.non_matching_lines, summary.malformed],
    ['first line', stamp(truth.first), events[0]?.time],
    ['last line', stamp(truth.last), events.at(-1)?.time],
    ['components', known, Object.fromEntries(Object.keys(known).map((name) => [name, components[name]]))],
  ]);
}

export function columnRows({ path, summary, events }: Sample, truth: Truth): Row[] {
  const taken = truth.time_taken_ms as Truth;
  const sent = attribute(events, 'http.response.size');
  const clock = (text: unknown): string => String(text).slice(-8);
  return rows(path, [
    ['rows', truth.rows, summary.events + summary.malformed],
    ['malformed rows', truth.malformed_rows, summary.malformed],
    ['directives', truth.directive_lines, summary.lines - summary.blank - summary.events - summary.malformed],
    ['status', truth.status, summary.status],
    ['clients', truth.distinct_c_ip, summary.clients],
    ['request times', taken.n, summary.durationSeconds.n],
    ['longest', taken.max === null ? null : Number(taken.max) / 1_000, summary.durationSeconds.max],
    ['bytes', (truth.sc_bytes as Truth).sum, total(sent)],
    ['first', clock(truth.first_utc), summary.first?.slice(11, 19)],
    ['last', clock(truth.last_utc), summary.last?.slice(11, 19)],
  ]);
}

export function caddyRows({ path, summary, events }: Sample, truth: Truth): Row[] {
  return rows(path, [
    ['events', truth.json_lines, summary.events],
    ['malformed', truth.not_json_lines, summary.malformed],
    ['severity', truth.level, summary.severity],
    ['status', truth.status, summary.status],
    ['clients', truth['request.client_ip'], tally(attribute(events, 'client.address'))],
    ['peers', truth['request.remote_ip'], tally(events.map(({ attributes: at }) => at['network.peer.address'] ?? at['client.address']))],
  ]);
}

/** Snapshots of counters, one JSON object a line. */
export function snapshotRows({ path, summary, events }: Sample, truth: Truth): Row[] {
  const get = (index: number, name: string): number => Number(events.at(index)?.attributes[name]);
  const zones = truth.server_zone_response_deltas as Record<string, Record<string, number>>;
  const deltas = Object.entries(zones).map(([zone, kinds]) => [
    zone,
    Object.fromEntries(Object.keys(kinds).map((kind) => [kind, get(-1, `server_zones.${zone}.responses.${kind}`) - get(0, `server_zones.${zone}.responses.${kind}`)])),
  ]);
  return rows(path, [
    ['events', truth.documents, summary.events],
    ['first', new Date(Number(truth.first_ms)).toISOString(), summary.first],
    ['last', new Date(Number(truth.last_ms)).toISOString(), summary.last],
    ['in order', truth.timestamps_monotonic, events.every(({ time }, index) => index === 0 || time >= (events[index - 1]?.time ?? ''))],
    ['requests', [truth.requests_total_first, truth.requests_total_last], [get(0, 'requests.total'), get(-1, 'requests.total')]],
    ['answers by zone', zones, Object.fromEntries(deltas)],
  ]);
}

/** Every file: its lines, and how many of them are blank. */
export function basicRows({ path, summary }: Pick<Sample, 'path' | 'summary'>, truth: Truth): Row[] {
  return rows(path, [
    ['lines', truth.lines, summary.lines],
    ['blank lines', truth.blank_lines, summary.blank],
  ]);
}

/** Which line of a file is its so many-eth that is not blank. */
export function filledLines(file: string): number[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [index + 1]));
}
