import { filledLines, type Row, rows, type Sample, type Truth } from './compare.ts';
import type { Event } from './read.ts';

type Value = string | number | boolean;

/** What the origin of the samples read from a line, by what we call it. */
const names: Readonly<Record<string, (event: Event, want: string) => Value | undefined>> = {
  source_ip: ({ attributes }) => attributes['client.address'],
  http_status: ({ attributes }) => attributes['http.response.status_code'],
  http_verb: ({ attributes }) => attributes['http.request.method'],
  // Some of the origin's readers keep the query with the path, some do without.
  http_path: ({ attributes: at }, want) => (at['url.query'] === undefined || !want.includes('?') ? at['url.path'] : `${at['url.path']}?${at['url.query']}`),
  http_user_agent: ({ attributes }) => attributes['user_agent.original'],
  http_host: ({ attributes }) => attributes['server.address'],
  http_port: ({ attributes }) => attributes['server.port'],
  target_fqdn: ({ attributes }) => attributes['server.address'],
  path_db: ({ attributes }) => attributes['url.path'],
  traefik_router_name: ({ attributes }) => attributes['traefik.router'],
  user: ({ attributes }) => attributes['user.name'],
  username: ({ attributes }) => attributes['user.name'],
  target_user: ({ attributes }) => attributes['user.name'],
  input: ({ attributes }) => attributes.input,
  command: ({ attributes }) => attributes.command,
};

interface Told extends Truth {
  index: number;
  success: boolean;
}

/** One row a field: in how many of the events it was told we read the same, and the first that differs. */
export function fieldRows({ path, file, events }: Sample, truth: Truth): Row[] {
  const lineOf = filledLines(file);
  const byLine = new Map(events.map((event) => [event.line, event]));
  const told = (truth.events as Told[]).filter(({ success }) => success);
  const found = told.map(({ index }) => byLine.get(lineOf[index] ?? 0));
  const all: Row[] = rows(path, [['events read', told.length, found.filter((event) => event !== undefined).length]]);
  for (const [name, read] of Object.entries(names)) {
    const having = told.flatMap((event, index) =>
      event[name] === undefined ? [] : [{ at: event.index, want: plain(event[name]), got: plain(found[index] && read(found[index], String(event[name]))) }],
    );
    if (having.length === 0) continue;
    const wrong = having.filter(({ want, got }) => want !== got);
    const shown = wrong.slice(0, 2).map(({ at, want, got }) => `event ${at}: ${want} → ${got}`);
    all.push({ path, what: name, expected: having.length, got: wrong.length === 0 ? having.length : `${having.length - wrong.length}; ${shown.join('; ')}` });
  }
  return [...all, ...timeRows(path, truth, found)];
}

/** The n-th time belongs to the n-th event read. */
function timeRows(path: string, truth: Truth, found: readonly (Event | undefined)[]): Row[] {
  const times = Object.entries((truth.utc_timestamps_by_enrich_index ?? {}) as Record<string, string>);
  if (times.length === 0) return [];
  const wrong = times.filter(([index, time]) => found[Number(index)]?.time !== new Date(time).toISOString());
  const [index = '', time] = wrong[0] ?? [];
  return [{ path, what: 'time', expected: times.length, got: wrong.length === 0 ? times.length : `${times.length - wrong.length}; event ${index}: ${time} → ${found[Number(index)]?.time}` }];
}

const plain = (value: unknown): string => (value === undefined || value === '-' ? '–' : String(value));

/** The origin raised an alert on these addresses: we must have seen each of them. */
export function alertRows({ path, events }: Sample, truth: Truth): Row[] {
  const sources = [...new Set((truth.alerts as { sources: string[] }[]).flatMap((alert) => alert.sources))].sort();
  const seen = new Set(events.map(({ attributes }) => attributes['client.address']));
  return rows(path, [['alerted sources seen', sources, sources.filter((address) => seen.has(address))]]);
}
