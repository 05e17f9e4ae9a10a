import { expect, test } from 'vitest';
import { expiriesOf } from './expiries.ts';

test('what runs out is told by the newest check that knows', () => {
  const checks = [
    { evidence: { code: 'ECONNREFUSED' } },
    { evidence: { certificateUntil: '2027-01-02T00:00:00.000Z' } },
    { evidence: { certificateUntil: '2026-12-01T00:00:00.000Z', expiresAt: 'soon' } },
  ];
  expect(expiriesOf(checks)).toEqual([{ what: 'certificate', at: '2027-01-02T00:00:00.000Z' }]);
  expect(expiriesOf([{ evidence: { expiresAt: '2028-05-04T03:02:01Z' } }])).toEqual([{ what: 'domain', at: '2028-05-04T03:02:01.000Z' }]);
  expect(expiriesOf([])).toEqual([]);
});
