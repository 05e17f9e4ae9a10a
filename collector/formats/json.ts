import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { chosenField, chosenReader, chosenText } from './chosen-fields.ts';
import { flatObject } from './flat-object.ts';
import { type Format, formatFields, formatShape, malformedLine } from './format.ts';
import { readNamedFields, usualNames } from './named-fields.ts';
import { clientReader } from './proxies.ts';
import { routeReader } from './route.ts';
import { dateOrderField, dateOrders, timeReader } from './time.ts';
import { zoneReader } from './zone.ts';

const name = z.string().min(1).max(200).optional();

/** One JSON object a line, as pino, zap, winston and most others write it; nested fields are named by their path. */
export const json = defineKind({
  kind: 'json',
  label: { 'zh-CN': 'JSON（每行一个对象）', en: 'JSON (one object a line)' },
  fields: [
    ...formatFields,
    dateOrderField,
    { id: 'time_key', label: { 'zh-CN': '时间字段', en: 'Time field' }, input: 'text', required: false },
    { id: 'level_key', label: { 'zh-CN': '级别字段', en: 'Level field' }, input: 'text', required: false },
    { id: 'message_key', label: { 'zh-CN': '正文字段', en: 'Message field' }, input: 'text', required: false },
    chosenField,
  ],
  shape: { ...formatShape, date_order: z.enum(dateOrders).default('ymd'), time_key: name, level_key: name, message_key: name, attributes: chosenText.optional() },
  make: (config): Format => {
    const readTime = timeReader({ order: config.date_order, toInstant: zoneReader(config.zone) });
    const chosen = (key: string | undefined, usual: readonly string[]): readonly string[] => (key === undefined ? usual : [key]);
    const names = { time: chosen(config.time_key, usualNames.time), level: chosen(config.level_key, usualNames.level), message: chosen(config.message_key, usualNames.message) };
    const choose = chosenReader(config.attributes, { clientOf: clientReader(config.trusted_proxies), routeFor: routeReader() });
    return {
      kind: 'json',
      parse(line) {
        const fields = flatObject(line);
        return fields ? readNamedFields(line, fields, { names, readTime, choose }) : malformedLine(line, 'not a JSON object');
      },
    };
  },
});
