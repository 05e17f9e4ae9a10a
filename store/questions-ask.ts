import type { Span } from '#lib/series.ts';

/** Values bound into a statement; arrays for `{name:Array(String)}`. */
export type Params = Record<string, string | number | readonly string[]>;

/** Puts one bound statement to the telemetry store and answers with its rows. */
export type Ask = <Row extends object>(statement: string, params: Params) => Promise<Row[]>;

/** Restricts a question to services, routes (a trailing * matches the rest) and probes; empty means everything. */
export interface Scope {
  services?: readonly string[];
  routes?: readonly string[];
  probes?: readonly string[];
}

/** A piece of WHERE with the values it binds. */
export interface Condition {
  sql: string;
  params: Params;
}

const likePattern = (route: string): string => route.replace(/[\\%_]/g, '\\$&').replace(/\*$/, '%');

export function scoped({ services = [], routes = [], probes = [] }: Scope): Condition {
  const parts: string[] = [];
  const params: Params = {};
  if (services.length > 0) {
    parts.push('service IN {services:Array(String)}');
    params.services = services;
  }
  if (probes.length > 0) {
    parts.push('probe IN {probes:Array(String)}');
    params.probes = probes;
  }
  if (routes.length > 0) {
    parts.push(`(${routes.map((_, index) => `route LIKE {route${index}:String}`).join(' OR ')})`);
    for (const [index, route] of routes.entries()) params[`route${index}`] = likePattern(route);
  }
  return { sql: parts.length > 0 ? parts.join(' AND ') : 'true', params };
}

/** Rollup rows whose bucket begins inside the span. */
export function bucketsIn(span: Span, scope: Scope): Condition {
  const { sql, params } = scoped(scope);
  return {
    sql: `bucket >= toDateTime({from:UInt32}, 'UTC') AND bucket < toDateTime({until:UInt32}, 'UTC') AND ${sql}`,
    params: { ...params, from: Math.floor(span.from / 1000), until: Math.ceil(span.until / 1000) },
  };
}

/** Raw rows of the column inside the span. */
export function rowsIn(column: 'at' | 'timestamp', span: Span): Condition {
  return {
    sql: `${column} >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND ${column} < fromUnixTimestamp64Milli({until:Int64}, 'UTC')`,
    params: { from: span.from, until: span.until },
  };
}

/** The statement as a person would type it, for "show query"; never sent. */
export function shown(statement: string, params: Params): string {
  const text = (value: Params[string]): string => (typeof value === 'number' ? String(value) : typeof value === 'string' ? quoted(value) : `[${value.map(quoted).join(', ')}]`);
  return statement
    .replace(/\{(\w+):[^}]+\}/g, (whole, name: string) => (params[name] === undefined ? whole : text(params[name])))
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== '')
    .join('\n');
}

const quoted = (value: string): string => `'${value.replace(/[\\']/g, '\\$&')}'`;
