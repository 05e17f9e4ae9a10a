import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { chosenField, chosenReader, chosenText } from './chosen-fields.ts';
import { type Format, formatFields, formatShape, malformedLine } from './format.ts';
import { readPairs } from './log-pairs.ts';
import { readNamedFields, usualNames } from './named-fields.ts';
import { clientReader } from './proxies.ts';
import { routeReader } from './route.ts';
import { dateOrderField, dateOrders, timeReader } from './time.ts';
import { zoneReader } from './zone.ts';

/** `time=… level=info msg="a text"`: pairs, a value in quotes where it holds blanks. */
export const logfmt = defineKind({
  kind: 'logfmt',
  label: { 'zh-CN': 'logfmt（键=值）', en: 'logfmt (key=value)' },
  fields: [...formatFields, dateOrderField, chosenField],
  shape: { ...formatShape, date_order: z.enum(dateOrders).default('ymd'), attributes: chosenText.optional() },
  make: (config): Format => {
    const readTime = timeReader({ order: config.date_order, toInstant: zoneReader(config.zone) });
    const choose = chosenReader(config.attributes, { clientOf: clientReader(config.trusted_proxies), routeFor: routeReader() });
    return {
      kind: 'logfmt',
      parse(line) {
        const fields = readPairs(line);
        return fields.size > 0 ? readNamedFields(line, fields, { names: usualNames, readTime, choose }) : malformedLine(line, 'no key=value');
      },
    };
  },
});
