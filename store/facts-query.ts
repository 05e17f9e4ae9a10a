import type { Window } from '#alerts/ports.ts';
import type { Labels } from '#lib/labels.ts';
import type { QueryParams } from './clickhouse.ts';
import type { Family } from './facts-families.ts';

/** What is asked of one family: columns to compute, on the rollup and on the raw rows. */
export interface FamilyQuestion {
  family: Family;
  by: readonly string[];
  where: Labels;
  window: Window;
  columns: readonly { name: string; rolled: string; raw: string }[];
  /** Durations with only raw rows behind them, for example the largest. */
  rawOnly?: boolean;
}

export interface Statement {
  sql: string;
  params: QueryParams;
}

const stepMs = 10_000;

/**
 * Counts exactly: whole ten-second steps come from the rollup, the ends of the window, which seldom fall on a step, from raw rows.
 * A label the rollup does not know sends the whole window to the raw rows. Labels come back as l0, l1, … in the order of `by`.
 */
export function familyStatement(question: FamilyQuestion): Statement {
  const { family, by, where, window } = question;
  const params: Record<string, string | number> = { from: window.from, until: window.until };
  const first = Math.ceil(window.from / stepMs) * stepMs;
  const last = Math.floor(window.until / stepMs) * stepMs;
  const known = [...by, ...Object.keys(where)].every((name) => family.rolledLabels[name] !== undefined);
  const rolled = !question.rawOnly && known && last > first;
  const parts: string[] = [];
  if (rolled) {
    Object.assign(params, { first: first / 1_000, last: last / 1_000, firstMs: first, lastMs: last });
    const time = 'bucket >= fromUnixTimestamp({first:Int64}) AND bucket < fromUnixTimestamp({last:Int64})';
    parts.push(select({ question, params, source: 'rolled', time }));
  }
  const { time } = family;
  const instant = (name: string) => `fromUnixTimestamp64Milli({${name}:Int64})`;
  const ends = `((${time} >= ${instant('from')} AND ${time} < ${instant('firstMs')}) OR (${time} >= ${instant('lastMs')} AND ${time} < ${instant('until')}))`;
  const whole = `${time} >= ${instant('from')} AND ${time} < ${instant('until')}`;
  parts.push(select({ question, params, source: 'raw', time: rolled ? `${whole} AND ${ends}` : whole }));
  return { sql: parts.join('\nUNION ALL\n'), params };
}

function select({ question, params, source, time }: { question: FamilyQuestion; params: Record<string, string | number>; source: 'rolled' | 'raw'; time: string }): string {
  const { family, by, where, columns } = question;
  const label = (name: string): string => {
    const expression = (source === 'rolled' ? family.rolledLabels : family.rawLabels)[name];
    if (expression) return expression;
    if (family.otherLabels === 'none') throw new Error(`${family.raw} know no label "${name}"; they know ${Object.keys(family.rawLabels).join(', ')}`);
    const key = `label_${Object.keys(params).length}`;
    params[key] = name;
    return `attributes[{${key}:String}]`;
  };
  const conditions = Object.entries(where).map(([name, value]) => {
    const expression = label(name);
    const key = `value_${Object.keys(params).length}`;
    params[key] = value;
    return `toString(${expression}) = {${key}:String}`;
  });
  const labels = by.map((name, index) => `toString(${label(name)}) AS l${index}`);
  const values = columns.map(({ name, rolled, raw }) => `${source === 'rolled' ? rolled : raw} AS ${name}`);
  const table = source === 'rolled' ? family.rollup : family.raw;
  const filter = [time, ...(source === 'raw' ? [family.counts] : []), ...conditions].join(' AND ');
  return `SELECT ${[...labels, ...values].join(', ')} FROM ${table} AS t WHERE ${filter}${by.length > 0 ? ` GROUP BY ${by.map((_, index) => `l${index}`).join(', ')}` : ''}`;
}

/** Row with l0, l1, … → labels; an empty value is an absent label. */
export function labelsOf(row: Readonly<Record<string, unknown>>, by: readonly string[]): Labels {
  return Object.fromEntries(by.flatMap((name, index) => (row[`l${index}`] ? [[name, String(row[`l${index}`])]] : [])));
}

export const labelColumns = (by: readonly string[]): string[] => by.map((_, index) => `l${index}`);
