import { describe, expect, test } from 'vitest';
import { buildFormat } from './index.ts';
import { type DateOrder, timeReader } from './time.ts';
import { zoneReader } from './zone.ts';

const read = (text: string, order: DateOrder = 'ymd', zone = 'UTC') => {
  const at = timeReader({ order, toInstant: zoneReader(zone) })(text);
  return at === undefined ? undefined : new Date(at).toISOString();
};

describe('the time in a field', () => {
  test.each([
    { text: '1779012000', at: '2026-05-17T10:00:00.000Z' },
    { text: '1779012000.123456', at: '2026-05-17T10:00:00.123Z' },
    { text: '1779012000123', at: '2026-05-17T10:00:00.123Z' },
    { text: '1779012000123.9', at: '2026-05-17T10:00:00.123Z' },
    { text: '1779012000123456', at: '2026-05-17T10:00:00.123Z' },
    { text: '1779012000123456789', at: '2026-05-17T10:00:00.123Z' },
    { text: '999999999', at: '2001-09-09T01:46:39.000Z' },
  ])('33. $text counts from 1970 in the unit its size shows', ({ text, at }) => {
    expect(read(text)).toBe(at);
  });

  test.each([
    { order: 'ymd', at: '2017-06-09T20:10:40.000Z' },
    { order: 'dmy', at: '2009-06-17T20:10:40.000Z' },
    { order: 'mdy', at: undefined },
  ] as const)('34. 17/06/09 read as $order', ({ order, at }) => {
    expect(read('17/06/09 20:10:40', order)).toBe(at);
  });

  test.each([
    { text: '06/17/09 20:10:40', order: 'mdy', at: '2009-06-17T20:10:40.000Z' },
    { text: '17.06.2026 20:10:40,250', order: 'ymd', at: '2026-06-17T20:10:40.250Z' },
    { text: '06/07/2026 8:10', order: 'mdy', at: '2026-06-07T08:10:00.000Z' },
    { text: '2026/6/7 08:10:00', order: 'mdy', at: '2026-06-07T08:10:00.000Z' },
    { text: '99-12-31 23:59:59', order: 'ymd', at: '1999-12-31T23:59:59.000Z' },
    { text: '26/02/30 10:00:00', order: 'ymd', at: undefined },
    { text: 'yesterday', order: 'ymd', at: undefined },
    { text: '', order: 'ymd', at: undefined },
  ] as const)('34. "$text" read as $order', ({ text, order, at }) => {
    expect(read(text, order)).toBe(at);
  });

  test.each([
    { text: '2026-05-17T10:00:00.123456789+08:00', at: '2026-05-17T02:00:00.123Z' },
    { text: '2026-05-17 10:00:00,123 +0800', at: '2026-05-17T02:00:00.123Z' },
    { text: '2026-05-17 10:00:00 UTC', at: '2026-05-17T10:00:00.000Z' },
    { text: '2026/05/17 10:00:00', at: '2026-05-17T02:00:00.000Z' },
  ])('29. $text without a zone is one of the source', ({ text, at }) => {
    expect(read(text, 'ymd', 'Asia/Shanghai')).toBe(at);
  });

  test('34. a source of logins says in which order it writes dates', () => {
    const built = buildFormat({ kind: 'auth', date_order: 'dmy' });
    if (!built.ok) throw new Error('no such format');
    const parsed = built.ready.parse('{"time":"17/06/09 20:10:40","event":"login_failed","user":"li"}', 0 as never);
    expect(new Date(parsed.time ?? 0).toISOString()).toBe('2009-06-17T20:10:40.000Z');
  });
});
