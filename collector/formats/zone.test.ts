import { expect, test } from 'vitest';
import { zoneReader } from './zone.ts';

const at = (zone: string, wall: string): string => new Date(zoneReader(zone)(Date.parse(`${wall}Z`))).toISOString();

test.each([
  { zone: 'UTC', wall: '2026-05-17T10:00:00', utc: '2026-05-17T10:00:00.000Z' },
  { zone: 'Asia/Shanghai', wall: '2026-05-17T10:00:00', utc: '2026-05-17T02:00:00.000Z' },
  { zone: 'Asia/Kolkata', wall: '2026-05-17T10:00:00', utc: '2026-05-17T04:30:00.000Z' },
  { zone: 'Asia/Shanghai', wall: '1988-07-01T10:00:00', utc: '1988-07-01T01:00:00.000Z' },
  { zone: 'America/New_York', wall: '2026-01-15T10:00:00', utc: '2026-01-15T15:00:00.000Z' },
  { zone: 'America/New_York', wall: '2026-07-15T10:00:00.250', utc: '2026-07-15T14:00:00.250Z' },
])('29. $wall in $zone is $utc', ({ zone, wall, utc }) => {
  expect(at(zone, wall)).toBe(utc);
});

test.each([
  { name: 'the hour that happens twice is its first pass', zone: 'Europe/Berlin', wall: '2026-10-25T02:30:00', utc: '2026-10-25T00:30:00.000Z' },
  { name: 'the hour that is skipped moves on as the clock did', zone: 'Europe/Berlin', wall: '2026-03-29T02:30:00', utc: '2026-03-29T01:30:00.000Z' },
  { name: 'just before the skipped hour nothing changes', zone: 'Europe/Berlin', wall: '2026-03-29T01:59:59', utc: '2026-03-29T00:59:59.000Z' },
  { name: 'just after it summer time holds', zone: 'Europe/Berlin', wall: '2026-03-29T03:00:00', utc: '2026-03-29T01:00:00.000Z' },
  { name: 'the same in the west', zone: 'America/New_York', wall: '2026-11-01T01:30:00', utc: '2026-11-01T05:30:00.000Z' },
])('30. $name', ({ zone, wall, utc }) => {
  expect(at(zone, wall)).toBe(utc);
});
