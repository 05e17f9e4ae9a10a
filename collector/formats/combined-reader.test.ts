import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LogBlock } from '#collector/log-block.ts';
import { type LineOrigin, readInto, readRecords } from '#collector/origin.ts';
import { unixMs } from '#lib/time.ts';

const at = unixMs(Date.UTC(2026, 10, 24, 10));
const origin = (more: Record<string, unknown> = {}): LineOrigin => ({ source: 'access', service: 'web', format: { kind: 'combined', ...more }, observedAt: at, nearAt: at });

/** The rows of both ways; each format is built anew, so that both meet their routes in the same order. */
function bothWays(lines: readonly string[], format: Record<string, unknown>, salt: string): { quick: LogBlock; plain: LogBlock } {
  const quick = new LogBlock();
  readInto(quick, Buffer.from(lines.map((line) => `${line}\n`).join('')), { ...origin(format), format: { kind: 'combined', year: 2026, ...format } });
  const plain = new LogBlock();
  // Another configuration that reads alike: formats with one configuration share what they remember.
  for (const record of readRecords(lines, { ...origin(format), format: { kind: 'combined', year: 2025, ...format, zone: salt } }).rows) plain.add(record);
  return { quick, plain };
}

function expectAlike(lines: readonly string[], format: Record<string, unknown> = {}): void {
  const { quick, plain } = bothWays(lines, format, 'UTC');
  const [ours, theirs] = [quick.records(), plain.records()];
  for (const [index, row] of theirs.entries()) expect(ours[index], lines[index]).toEqual(row);
  expect(ours.length).toBe(theirs.length);
  // The order of pairs goes into the store too.
  expect(ours.map(({ attributes }) => Object.keys(attributes))).toEqual(theirs.map(({ attributes }) => Object.keys(attributes)));
}

const usual = '203.0.113.7 - - [24/Nov/2026:17:05:03 +0800] "GET /query/12345/view?no=1&x=%20 HTTP/1.1" 200 512 "https://demo.example/" "Mozilla/5.0 (X11; Linux x86_64)" rt=0.123';

describe('the quick way reads as the ordinary one does', () => {
  it('lines of every common shape', () => {
    expectAlike([
      usual,
      usual.replace('- - [', '- demo user ['),
      usual.replace('"https://demo.example/"', '"-"').replace('?no=1&x=%20', ''),
      usual.replace(' rt=0.123', ''),
      usual.replace(' rt=0.123', ' 0.250 code=007'),
      usual.replace(' rt=0.123', ' "10.0.0.1, 10.0.0.2" "0.5" request_time=1.25'),
      usual.replace('200 512', '502 -'),
      usual.replace('200 512', '404 0'),
      usual.replace('GET /query/12345/view', 'POST /a/0123456789abcdef/b/'),
      usual.replace('/query/12345/view', '/a/f47ac10b-58cc-4372-a567-0e02b2c3d479/x1'),
      usual.replace('/query/12345/view', '/1/2/3/4/5/6/7/8/9/10'),
      usual.replace('/query/12345/view', '//a//138****8000/'),
      usual.replace('HTTP/1.1', 'HTTP/2.0'),
      usual.replace('+0800', '-0330'),
      usual.replace('24/Nov/2026', '29/Feb/2024'),
    ]);
  });

  it('hostile and broken lines', () => {
    expectAlike(
      [
        usual.replace('24/Nov/2026', '31/Feb/2026'),
        usual.replace('17:05:03', '25:05:03'),
        usual.replace('17:05:03', '1x:05:03'),
        usual.replace('2026', '2099'),
        usual.replace('24/Nov/2026', '01/Jan/1970').replace('17:05:03', '01:00:00'),
        usual.replace('GET /', 'GET http://other.example/'),
        usual.replace('GET /query', 'get /query'),
        usual.replace(' HTTP/1.1', ''),
        usual.replace('/view', '/vi ew'),
        usual.replace('/view', '/vi\\"ew'),
        usual.replace('GET /query/12345/view?no=1&x=%20 HTTP/1.1', '\\x16\\x03\\x01'),
        usual.replace('GET /query/12345/view?no=1&x=%20 HTTP/1.1', '-'),
        usual.replace('512', '5x2'),
        usual.replace('512', '99999999999999999999'),
        usual.replace('512', '138****8000'),
        usual.replace('https://demo.example/', 'a\\"b'),
        usual.replace('Mozilla/5.0', 'Mo\\"zilla\\\\'),
        usual.replace('(X11', '演示 (X11'),
        usual.replace('203.0.113.7 - -', 'www.demo.example 203.0.113.7 - -'),
        usual.replace('203.0.113.7 - -', '203.0.113.7  -'),
        usual.replace('- - [', '- ['),
        usual.replace('" rt', '"rt'),
        usual.replace('rt=0.123', 'rt=abc rt=0.5 rt=0.7'),
        usual.replace('rt=0.123', 'code="001" x="unclosed'),
        ' [',
        '',
        'nonsense',
        ...Array.from({ length: usual.length }, (_, length) => usual.slice(0, length)),
      ].filter((line) => line.trim() !== ''),
    );
  });

  it('lines spoilt at any place by any of the bytes that mean something', () => {
    const lines: string[] = [];
    for (let index = 0; index < usual.length; index++)
      for (const byte of ['"', ' ', '\\', '[', ']', '/', '?', '-', '0', '=', '*']) lines.push(usual.slice(0, index) + byte + usual.slice(index + 1), usual.slice(0, index) + byte + usual.slice(index));
    expectAlike(lines);
  });

  it('success codes, and routes beyond the most there may be', () => {
    expectAlike([usual, `${usual} code=000`, `${usual} code=901`, `${usual} code=42`], { success_codes: ['000'], user_codes: ['42'] });
    expectAlike([`${usual} code=000`, `${usual} code=42`], { user_codes: ['42'] });
    expectAlike(Array.from({ length: 2_500 }, (_, number) => usual.replace('/query/', `/${number.toString(2).replaceAll('0', 'x').replaceAll('1', 'y')}/`)));
  });

  const shared = new URL('../../../shared/data/logs', import.meta.url).pathname;
  it.skipIf(!existsSync(shared))(
    'every access log at hand (skipped where there are none)',
    () => {
      for (const folder of readdirSync(shared)) {
        if (!/apache|nginx|access/i.test(folder)) continue;
        for (const file of readdirSync(join(shared, folder))) {
          const text = readFileSync(join(shared, folder, file))
            .subarray(0, 4_000_000)
            .toString('utf8');
          expectAlike(
            text
              .split('\n')
              .filter((line) => line.trim() !== '' && line.length < 60_000)
              .slice(0, 20_000),
          );
        }
      }
    },
    120_000,
  );
});
