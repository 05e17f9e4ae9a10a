import { describe, expect, it, test } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { fromWallClock, keepRange, rangeBounds, readRange, wallClock, withRange, withValue } from './range.ts';

const url = (text: string): URL => new URL(text, 'http://console.example');

describe('the range in the address', () => {
  test.each([
    { query: '', range: { preset: '1h' } },
    { query: 'range=7d', range: { preset: '7d' } },
    { query: 'range=3years', range: { preset: '1h' } },
    { query: 'from=2026-11-24T00:00:00Z&to=2026-11-24T01:00:00Z', range: { preset: null, from: Date.parse('2026-11-24T00:00:00Z'), to: Date.parse('2026-11-24T01:00:00Z') } },
    { query: 'from=2026-11-24T01:00:00Z&to=2026-11-24T00:00:00Z', range: { preset: '1h' } },
    { query: 'from=yesterday&to=today', range: { preset: '1h' } },
  ])('"$query" means what it says or the last hour', ({ query, range }) => {
    expect(readRange(new URLSearchParams(query))).toEqual(range);
  });

  it('is bounded by now when it is a preset', () => {
    expect(rangeBounds({ preset: '15m' }, unixMs(1_000_000))).toEqual({ from: 100_000, to: 1_000_000 });
  });

  it('replaces only itself', () => {
    expect(withRange(url('/dashboards/logins?compare=week&range=7d'), { preset: '24h' })).toBe('/dashboards/logins?compare=week&range=24h');
    expect(withRange(url('/logs?q=超时&range=7d'), { preset: '1h' })).toBe(`/logs?q=${encodeURIComponent('超时')}`);
    expect(withRange(url('/'), { preset: null, from: unixMs(0), to: unixMs(60_000) })).toBe('/?from=1970-01-01T00:00:00.000Z&to=1970-01-01T00:01:00.000Z');
  });

  it('goes along to another page, without that page’s filters', () => {
    expect(keepRange('/alerts', url('/logs?q=x&range=24h&live=off'))).toBe('/alerts?range=24h&live=off');
  });

  it('takes a value out when it is empty', () => {
    expect(withValue(url('/logs?q=x&level=error'), 'q', '')).toBe('/logs?level=error');
  });
});

describe('the wall clock of a zone', () => {
  test.each(['Asia/Shanghai', 'America/New_York', 'UTC'])('goes there and back in %s', (zone) => {
    const at = unixMs(Date.parse('2026-07-01T12:34:00Z'));
    expect(fromWallClock(wallClock(at, zone), zone)).toBe(at);
  });

  it('refuses what is not a time', () => {
    expect(fromWallClock('soon', 'UTC')).toBeUndefined();
  });
});
