import { longestLine } from '#collector/lines.ts';
import type { AttributeValue } from '#collector/log.ts';
import { maskText } from '#collector/mask.ts';
import { type UnixMs, unixMs } from '#lib/time.ts';
import { IngestError } from './ingest.ts';

/** Values of OTLP, however they came: numbers of 64 bits are bigints, numbers or texts, bytes are bytes or a text. */
export type Told = Readonly<Record<string, unknown>>;

export const told = (value: unknown, what: string): Told => {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new IngestError(400, `${what} is no object`);
  return value as Told;
};

export const list = (value: unknown, what: string): readonly unknown[] => {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new IngestError(400, `${what} is no list`);
  return value;
};

/** NaN for what is no number. */
export function number(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
}

export function whole(value: unknown, what: string): number {
  if (value === undefined || value === null) return 0;
  const read = number(value);
  if (!Number.isInteger(read)) throw new IngestError(400, `${what} is no whole number: ${String(value).slice(0, 60)}`);
  return read;
}

/** Nanoseconds; 0 and what is beyond any calendar are no time. */
export function instant(value: unknown, what: string): UnixMs | undefined {
  const ms = typeof value === 'bigint' || (typeof value === 'string' && /^\d{1,20}$/.test(value)) ? Number(BigInt(value) / 1_000_000n) : Math.floor(whole(value, what) / 1e6 + roundedOff);
  return ms > 0 && ms < 8e15 ? unixMs(ms) : undefined;
}

/** Milliseconds a number is off at most, today's nanoseconds being more than it can hold. */
const roundedOff = 0.0005;

export function identifier(value: unknown, what: string): string {
  if (value === undefined || value === null) return '';
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (typeof value === 'string' && /^[0-9a-fA-F]*$/.test(value)) return value.toLowerCase();
  throw new IngestError(400, `${what} is not hexadecimal`);
}

export const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, longestLine) : '');

const deepest = 16;
const mostAttributes = 256;

/** Attributes by name, nested ones as JSON, personal data masked; `more` than fit are left out. */
export function attributesOf(pairs: unknown, masked: (count: number) => void): Record<string, AttributeValue> {
  const read: Record<string, AttributeValue> = {};
  for (const pair of list(pairs, 'attributes').slice(0, mostAttributes)) {
    const { key, value } = told(pair, 'an attribute');
    if (typeof key !== 'string' || key === '') continue;
    const plain = plainValue(value, 0);
    if (plain === null) continue;
    read[key.slice(0, 256)] = shown(plain, masked);
  }
  return read;
}

/** A number may be personal data as well as a text. */
function shown(plain: AttributeValue | object, masked: (count: number) => void): AttributeValue {
  if (typeof plain === 'object' || typeof plain === 'string') return mask(flat(plain), masked);
  if (typeof plain === 'boolean') return plain;
  const hidden = mask(String(plain), masked);
  return hidden === String(plain) ? plain : hidden;
}

export function bodyOf(value: unknown, masked: (count: number) => void): string {
  const plain = plainValue(value, 0);
  return plain === null ? '' : mask(flat(plain), masked);
}

const flat = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, longestLine);

function mask(value: string, masked: (count: number) => void): string {
  const { text: hidden, count } = maskText(value);
  masked(count);
  return hidden;
}

function plainValue(value: unknown, depth: number): AttributeValue | object | null {
  if (depth > deepest) return '…';
  const any = told(value, 'a value');
  if (typeof any.stringValue === 'string') return any.stringValue;
  if (typeof any.boolValue === 'boolean') return any.boolValue;
  if (any.intValue !== undefined) return exact(any.intValue);
  if (any.doubleValue !== undefined) {
    const double = number(any.doubleValue);
    return Number.isFinite(double) ? double : String(double);
  }
  if (any.bytesValue instanceof Uint8Array) return Buffer.from(any.bytesValue).toString('base64');
  if (typeof any.bytesValue === 'string') return any.bytesValue;
  if (any.arrayValue !== undefined) return list(told(any.arrayValue, 'arrayValue').values, 'arrayValue').map((one) => plainValue(one, depth + 1));
  if (any.kvlistValue === undefined) return null;
  const pairs = list(told(any.kvlistValue, 'kvlistValue').values, 'kvlistValue').map((pair) => told(pair, 'an attribute'));
  return Object.fromEntries(pairs.map(({ key, value: inner }) => [String(key), plainValue(inner, depth + 1)]));
}

/** A whole number too large for a number keeps its digits as a text. */
function exact(value: unknown): AttributeValue {
  const read = whole(value, 'intValue');
  return Number.isSafeInteger(read) ? read : String(value);
}
