import { z } from 'zod';
import type { AttributeValue } from '#collector/log.ts';
import type { Field } from '#lib/kinds.ts';
import type { NamedFields } from './flat-object.ts';
import type { ParsedLine } from './format.ts';
import { putLoginSide } from './login-record.ts';
import { reasonIn } from './login-told.ts';
import type { ClientOf } from './proxies.ts';
import { judged, plainNumber, putTarget, wholeNumber } from './request-record.ts';

const units = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 } as const;

/** Which field of a record fills which attribute: `client.address: ip`, or with the unit of a time. */
export const chosenText = z.record(z.string().min(1).max(100), z.union([z.string().min(1).max(200), z.strictObject({ field: z.string().min(1).max(200), unit: z.enum(['s', 'ms', 'us', 'ns']) })]));
export type Chosen = z.output<typeof chosenText>;

export const chosenField: Field = {
  id: 'attributes',
  label: { 'zh-CN': '字段对应的属性', en: 'Attributes by field' },
  input: 'list',
  required: false,
  help: {
    'zh-CN': '例如 client.address: ip、login.outcome: result；只有这里写明的字段才算登录或客户端地址',
    en: 'For example client.address: ip, login.outcome: result; only a field named here is believed as a login or a client',
  },
};

/**
 * What rules and pages count by. A line may carry text of strangers, so a field that merely has such a name is kept as
 * `claimed.NAME`; one the operator chose fills it.
 */
const counted: ReadonlySet<string> = new Set(['client.address', 'user.name', 'outcome', 'error.type', 'error.side', 'login.outcome', 'login.reason', 'login.count', 'login.method']);
export const attributeName = (field: string): string => (counted.has(field) ? `claimed.${field}` : field);

const good = /^(?:ok|success|succeeded|accepted|true|pass|passed)$/i;
const bad = /^(?:fail|failed|failure|denied|error|rejected|false|refused)$/i;

export interface ChosenReaders {
  clientOf: ClientOf;
  routeFor(path: string): string;
}

/** Adds to a record what the operator chose; undefined where nothing was. */
export function chosenReader(chosen: Chosen | undefined, { clientOf, routeFor }: ChosenReaders): ((parsed: ParsedLine, fields: NamedFields) => ParsedLine) | undefined {
  if (!chosen) return undefined;
  const list = Object.entries(chosen).map(([name, from]) => (typeof from === 'string' ? { name, field: from, scale: 1 } : { name, field: from.field, scale: units[from.unit] }));
  const read = (name: string, raw: AttributeValue, scale: number): AttributeValue | undefined => {
    const text = String(raw);
    if (name === 'client.address') return clientOf(text);
    if (name === 'login.outcome') return good.test(text) ? 'accepted' : bad.test(text) ? 'failed' : undefined;
    if (name === 'http.response.status_code' || name === 'login.count' || name.endsWith('.size')) return wholeNumber(text);
    if (name.endsWith('.duration')) return scaled(plainNumber(text), scale);
    return raw;
  };
  return (parsed, fields) => {
    const { attributes } = parsed;
    for (const { name, field, scale } of list) {
      const raw = fields.get(field);
      if (raw === undefined || raw === '' || raw === '-') continue;
      const value = read(name, raw, scale);
      if (value === undefined) continue;
      delete attributes[attributeName(field)];
      if (name === 'url.path') putTarget(attributes, String(value), routeFor);
      else attributes[name] = value;
    }
    return concluded(parsed);
  };
}

const scaled = (value: number | undefined, scale: number): number | undefined => (value === undefined ? undefined : value / scale);

/** What follows from the chosen attributes: a login counts one, a status says how it went. */
function concluded(parsed: ParsedLine): ParsedLine {
  const { attributes } = parsed;
  const outcome = attributes['login.outcome'];
  if (outcome !== undefined) {
    attributes['login.count'] ??= 1;
    attributes['login.method'] ??= 'password';
    if (outcome === 'failed') {
      const reason = knownReason(String(attributes['login.reason'] ?? ''), parsed.body);
      attributes['login.reason'] = reason;
      putLoginSide(attributes, reason);
    }
    return { ...parsed, ...(outcome === 'failed' ? { severityNumber: 13, severityText: 'WARN' } : { severityNumber: 9, severityText: 'INFO' }) };
  }
  if (attributes['http.response.status_code'] === undefined) return parsed;
  const severity = judged(attributes);
  return parsed.severityNumber === 0 ? { ...parsed, ...severity } : parsed;
}

const reasons = /^(?:captcha|captcha_expired|password|locked|unknown_user|upstream|second_factor)$/;
const knownReason = (said: string, body: string): string => (reasons.test(said) ? said : reasonIn(said === '' ? body : said));
