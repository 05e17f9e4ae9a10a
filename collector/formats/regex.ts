import { RE2JS } from 're2js';
import { z } from 'zod';
import type { AttributeValue } from '#collector/log.ts';
import { defineKind } from '#lib/kinds.ts';
import { chosenField, chosenReader, chosenText } from './chosen-fields.ts';
import { type Format, formatFields, formatShape, malformedLine } from './format.ts';
import { readNamedFields, usualNames } from './named-fields.ts';
import { clientReader } from './proxies.ts';
import { routeReader } from './route.ts';
import { dateOrderField, dateOrders, timeReader } from './time.ts';
import { layoutReader, layoutText } from './time-layout.ts';
import { zoneReader } from './zone.ts';

const patternText = z
  .string()
  .min(1)
  .max(4_000)
  .superRefine((text, context) => {
    try {
      if (Object.keys(RE2JS.compile(text).namedGroups()).length === 0) context.addIssue(`"${text}" names no group, for example (?P<time>[^ ]+) (?P<level>[A-Z]+) (?P<message>.*)`);
    } catch (error) {
      context.addIssue(`"${text}" is not a regular expression: ${error instanceof Error ? error.message : String(error)}`);
    }
  });

/** Any text log, by an expression whose named groups are the fields. Its time is linear. */
export const regex = defineKind({
  kind: 'regex',
  label: { 'zh-CN': '自定义正则（命名分组）', en: 'Own expression (named groups)' },
  fields: [
    ...formatFields,
    dateOrderField,
    {
      id: 'pattern',
      label: { 'zh-CN': '正则表达式', en: 'Expression' },
      input: 'text',
      required: true,
      help: { 'zh-CN': '分组 time、level、message，其余成为属性', en: 'Groups time, level, message; the others become attributes' },
    },
    {
      id: 'time_layout',
      label: { 'zh-CN': '时间写法', en: 'Time layout' },
      input: 'text',
      required: false,
      help: { 'zh-CN': '例如 YYYYMMDD-H:m:s:S 或 MM.DD HH:mm:ss', en: 'For example YYYYMMDD-H:m:s:S or MM.DD HH:mm:ss' },
    },
    chosenField,
  ],
  shape: { ...formatShape, pattern: patternText, date_order: z.enum(dateOrders).default('ymd'), time_layout: layoutText.optional(), attributes: chosenText.optional() },
  make: (config): Format => {
    const toInstant = zoneReader(config.zone);
    const usual = timeReader({ order: config.date_order, toInstant });
    const layout = config.time_layout === undefined ? undefined : layoutReader(config.time_layout, { toInstant, year: config.year });
    const choose = chosenReader(config.attributes, { clientOf: clientReader(config.trusted_proxies), routeFor: routeReader() });
    const expression = RE2JS.compile(config.pattern, RE2JS.DOTALL);
    const groups = Object.keys(expression.namedGroups());
    return {
      kind: 'regex',
      parse(line, near) {
        const found = expression.matcher(line);
        if (!found.find()) return malformedLine(line, 'does not match the expression');
        const fields = new Map<string, AttributeValue>();
        for (const group of groups) {
          const value = found.group(group);
          if (value !== null) fields.set(group, value);
        }
        return readNamedFields(line, fields, { names: usualNames, readTime: (text) => (layout ? layout(text, near) : usual(text)), choose });
      },
    };
  },
});
