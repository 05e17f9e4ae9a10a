import { expect, test } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { buildFormat } from './index.ts';

test.each([
  { kind: 'log4j', line: '2026-05-17 10:05:03,250 ERROR [main] a.B: gone', at: '10:05:03.250Z', severityText: 'ERROR' },
  { kind: 'log4j', line: '26/05/17 10:05:03 INFO a.B: started', at: '10:05:03Z', severityText: 'INFO' },
  { kind: 'log4j', line: '[2026-05-17 10:05:03,250] WARN slow (a.B)', at: '10:05:03.250Z', severityText: 'WARN' },
  { kind: 'log4j', line: '2026-05-17 10:05:03,250 - WARN  [x:B@1] - slow', at: '10:05:03.250Z', severityText: 'WARN' },
  { kind: 'apache-error', line: '[Sun May 17 10:05:03 2026] [error] [client 192.0.2.7] denied', at: '10:05:03Z', severityText: 'ERROR' },
])('$kind reads $line', ({ kind, line, at, severityText }) => {
  const built = buildFormat({ kind });
  if (!built.ok) throw new Error(JSON.stringify(built.issues));
  const near = unixMs(0);
  expect(built.ready.parse(line, near)).toMatchObject({ time: Date.parse(`2026-05-17T${at}`), severityText, malformed: '' });
  expect(built.ready.parse('else', near).malformed).not.toBe('');
});
