import { describe, expect, it } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { type LineOrigin, readRecords } from './origin.ts';

const observedAt = unixMs(Date.parse('2026-11-24T12:00:00Z'));
const origin = (more: Partial<LineOrigin> = {}): LineOrigin => ({ source: 'app', service: 'invoice', format: { kind: 'syslog' }, observedAt, nearAt: observedAt, ...more });
const read = (line: string, more: Partial<LineOrigin> = {}) => {
  const row = readRecords([line], origin(more)).rows[0];
  return { at: new Date(row?.timestamp ?? 0).toISOString(), body: row?.body, claimed: row?.attributes['log.timestamp.original'] };
};

describe('a line becomes a record', () => {
  it('35. a time far ahead is kept with the time of receipt and says what it claimed', () => {
    expect(read('2099-01-01T00:00:00Z host app: x')).toEqual({ at: '2026-11-24T12:00:00.000Z', body: 'x', claimed: '2099-01-01T00:00:00.000Z' });
    expect(read('2026-11-25T12:00:00Z host app: x')).toEqual({ at: '2026-11-25T12:00:00.000Z', body: 'x', claimed: undefined });
  });

  it('36. a time hours ago stays what it is', () => {
    expect(read('2026-11-24T05:00:59Z host app: x').at).toBe('2026-11-24T05:00:59.000Z');
  });

  it('28. an old file is dated by when it was written, not by when it is read', () => {
    expect(read('Nov 24 11:00:00 host app: x', { nearAt: unixMs(Date.parse('2019-12-01T00:00:00Z')) }).at).toBe('2019-11-24T11:00:00.000Z');
  });

  it('21. an event of several lines is one record with its lines', () => {
    const format = { kind: 'syslog', multiline: 'traces' };
    expect(read('Nov 24 11:00:00 host app: boom\0\tat a.b(C.java:1)', { format }).body).toBe('boom\n\tat a.b(C.java:1)');
  });
});
