import { z } from 'zod';
import type { AttributeValue } from '#collector/log.ts';
import { defineKind } from '#lib/kinds.ts';
import { type Format, formatShape, malformedLine, zoneField } from './format.ts';
import { readNamedFields, usualNames } from './named-fields.ts';
import { dateOrders, timeReader } from './time.ts';
import { zoneReader } from './zone.ts';

const name = z.string().min(1).max(200).optional();

/** One JSON object a line, as pino, zap, winston and most others write it; nested fields are named by their path. */
export const json = defineKind({
  kind: 'json',
  label: { 'zh-CN': 'JSON（每行一个对象）', en: 'JSON (one object a line)' },
  fields: [
    zoneField,
    { id: 'time_key', label: { 'zh-CN': '时间字段', en: 'Time field' }, input: 'text', required: false },
    { id: 'level_key', label: { 'zh-CN': '级别字段', en: 'Level field' }, input: 'text', required: false },
    { id: 'message_key', label: { 'zh-CN': '正文字段', en: 'Message field' }, input: 'text', required: false },
  ],
  shape: { ...formatShape, date_order: z.enum(dateOrders).default('ymd'), time_key: name, level_key: name, message_key: name },
  make: (config): Format => {
    const readTime = timeReader({ order: config.date_order, toInstant: zoneReader(config.zone) });
    const chosen = (key: string | undefined, usual: readonly string[]): readonly string[] => (key === undefined ? usual : [key]);
    const names = { time: chosen(config.time_key, usualNames.time), level: chosen(config.level_key, usualNames.level), message: chosen(config.message_key, usualNames.message) };
    return {
      kind: 'json',
      parse(line) {
        const fields = readObject(line);
        return fields ? readNamedFields(line, fields, { names, readTime }) : malformedLine(line, 'not a JSON object');
      },
    };
  },
});

const mostFields = 200;
const deepest = 8;

function readObject(line: string): Map<string, AttributeValue> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const fields = new Map<string, AttributeValue>();
  flatten(value, { prefix: '', depth: 0, fields });
  return fields;
}

function flatten(value: object, { prefix, depth, fields }: { prefix: string; depth: number; fields: Map<string, AttributeValue> }): void {
  for (const [key, held] of Object.entries(value)) {
    if (fields.size >= mostFields) return;
    const path = prefix + key;
    if (typeof held === 'string' || typeof held === 'number' || typeof held === 'boolean') fields.set(path, held);
    else if (typeof held !== 'object' || held === null) continue;
    else if (Array.isArray(held) || depth >= deepest) fields.set(path, JSON.stringify(held));
    else flatten(held, { prefix: `${path}.`, depth: depth + 1, fields });
  }
}
