import { expect, it } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { newSince } from './logs.ts';

const now = unixMs(Date.parse('2026-11-24T03:00:00Z'));
const incident = { service: 'invoice', openedAt: '2026-11-24T02:40:00.000Z', endedAt: null };

it('compares what an open incident brought with the half hour before it, up to now', () => {
  expect(newSince(incident, now)).toBe('/logs?view=patterns&service=invoice&since=2026-11-24T02:39:00.000Z&from=2026-11-24T02:09:00.000Z&to=2026-11-24T03:00:00.000Z');
});

it('ends where the incident ended', () => {
  expect(newSince({ ...incident, endedAt: '2026-11-24T02:50:00.000Z' }, now)).toContain('&to=2026-11-24T02:50:00.000Z');
});
