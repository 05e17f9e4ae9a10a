import { z } from 'zod';
import type { AttributeValue } from '#collector/log.ts';
import { defineKind } from '#lib/kinds.ts';
import { type Format, formatShape, malformedLine, zoneField } from './format.ts';
import { readNamedFields, usualNames } from './named-fields.ts';
import { dateOrders, timeReader } from './time.ts';
import { zoneReader } from './zone.ts';

/** `time=… level=info msg="a text"`: pairs, a value in quotes where it holds blanks. */
export const logfmt = defineKind({
  kind: 'logfmt',
  label: { 'zh-CN': 'logfmt（键=值）', en: 'logfmt (key=value)' },
  fields: [zoneField],
  shape: { ...formatShape, date_order: z.enum(dateOrders).default('ymd') },
  make: (config): Format => {
    const readTime = timeReader({ order: config.date_order, toInstant: zoneReader(config.zone) });
    return {
      kind: 'logfmt',
      parse(line) {
        const fields = readPairs(line);
        return fields.size > 0 ? readNamedFields(line, fields, { names: usualNames, readTime }) : malformedLine(line, 'no key=value');
      },
    };
  },
});

const mostFields = 200;

function readPairs(line: string): Map<string, AttributeValue> {
  const fields = new Map<string, AttributeValue>();
  const pair = /([^\s="]{1,200})=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)/gy;
  let at = 0;
  while (at < line.length && fields.size < mostFields) {
    pair.lastIndex = at;
    const match = pair.exec(line);
    if (match) fields.set(match[1] ?? '', match[2] === undefined ? (match[3] ?? '') : unescaped(match[2]));
    // A word that is no pair is passed over whole.
    const end = match ? pair.lastIndex : line.indexOf(' ', at);
    if (end < 0) break;
    at = end;
    while (line.charCodeAt(at) === 32 || line.charCodeAt(at) === 9) at++;
  }
  return fields;
}

const unescaped = (text: string): string => text.replace(/\\(.)/g, (_all, next: string) => (next === 'n' ? '\n' : next === 't' ? '\t' : next));
