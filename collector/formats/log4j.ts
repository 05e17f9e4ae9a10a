import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { type Format, formatFields, formatShape, malformedLine, type ParsedLine } from './format.ts';
import { readLevel } from './level.ts';
import { dateOrderField, dateOrders, timeReader } from './time.ts';
import { zoneReader } from './zone.ts';

/** What nearly every layout of log4j and logback begins with: a time, perhaps in brackets, and a level; the text follows as it is. */
export const log4j = defineKind({
  kind: 'log4j',
  label: { 'zh-CN': 'Java 程序日志（log4j / logback）', en: 'Java program log (log4j / logback)' },
  fields: [...formatFields, dateOrderField],
  shape: { ...formatShape, date_order: z.enum(dateOrders).default('ymd') },
  make: ({ zone, date_order: order }): Format => {
    const readTime = timeReader({ order, toInstant: zoneReader(zone) });
    const parse = (line: string): ParsedLine => {
      const [, date, clock, level = '', text = ''] = head.exec(line) ?? [];
      const time = date === undefined ? undefined : readTime(`${date} ${clock}`);
      if (time === undefined) return malformedLine(line, 'does not begin with a time and a level');
      return { time, ...readLevel(level), body: text, attributes: {}, malformed: '' };
    };
    return { kind: 'log4j', multiline: 'dated', parse };
  },
});

const head = /^\[?(\d{2,4}[-/]\d{2}[-/]\d{2})[T ](\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?)\]?(?: -)? {1,4}\[?(TRACE|DEBUG|INFO|WARN|WARNING|ERROR|SEVERE|FATAL)\b\]? {0,8}(.*)$/s;
