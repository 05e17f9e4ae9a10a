import { describe, expect, it, test } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { buildFormat } from './index.ts';

const near = unixMs(Date.parse('2026-05-17T12:00:00Z'));
const at = Date.parse('2026-05-17T10:05:03.250Z');
const parse = (line: string, format: Record<string, unknown>) => {
  const built = buildFormat(format);
  if (!built.ok) throw new Error(JSON.stringify(built.issues));
  return built.ready.parse(line, near);
};

describe('a JSON line', () => {
  test.each([
    { name: 'of pino', line: `{"level":50,"time":${at},"msg":"query failed","req":{"id":"r1"}}`, want: { severityText: 'ERROR', attributes: { 'req.id': 'r1' } } },
    { name: 'of zap', line: `{"level":"error","ts":${at / 1000}0001,"msg":"query failed","n":3}`, want: { severityText: 'ERROR', attributes: { n: 3 } } },
    { name: 'of winston', line: '{"level":"error","timestamp":"2026-05-17T10:05:03.250Z","message":"query failed"}', want: { severityText: 'ERROR', attributes: {} } },
  ])('$name becomes an event', ({ line, want }) => {
    expect(parse(line, { kind: 'json' })).toMatchObject({ time: at, body: 'query failed', malformed: '', ...want });
  });

  it('takes its time, level and text from chosen keys', () => {
    const line = '{"when":"2026-05-17T18:05:03.250","how":{"bad":"WARNING"},"what":"slow"}';
    expect(parse(line, { kind: 'json', zone: 'Asia/Shanghai', time_key: 'when', level_key: 'how.bad', message_key: 'what' })).toMatchObject({ time: at, severityText: 'WARN', body: 'slow' });
  });

  test.each(['{"a":', '[1]', 'null', 'text'])('%s is malformed', (line) => {
    expect(parse(line, { kind: 'json' })).toMatchObject({ malformed: 'not a JSON object', body: line });
  });

  it('names no field of the runtime', () => {
    expect(Object.keys(parse('{"__proto__":{"x":1},"msg":"m"}', { kind: 'json' }).attributes)).toEqual(['__proto__.x']);
  });
});

it('logfmt reads pairs, quoted where they hold blanks', () => {
  const line = 'ts=2026-05-17T10:05:03.250Z level=warn noise msg="slow \\"query\\"" took=3s empty=';
  expect(parse(line, { kind: 'logfmt' })).toMatchObject({ time: at, severityText: 'WARN', body: 'slow "query"', attributes: { took: '3s', empty: '' }, malformed: '' });
  expect(parse('no pair here', { kind: 'logfmt' }).malformed).toBe('no key=value');
});

describe('an own expression', () => {
  it('gives its named groups', () => {
    const line = '26/05/17 10:05:03 ERROR store.Reader: disk gone';
    const pattern = '^(?P<time>\\S+ \\S+) (?P<level>[A-Z]+) (?P<logger>[^:]+): (?P<message>.*)$';
    expect(parse(line, { kind: 'regex', pattern })).toMatchObject({ time: Date.parse('2026-05-17T10:05:03Z'), severityText: 'ERROR', body: 'disk gone', attributes: { logger: 'store.Reader' } });
    expect(parse('else', { kind: 'regex', pattern }).malformed).toBe('does not match the expression');
  });

  test.each(['(', 'abc', '(?<x>a)\\1'])('%s is refused', (pattern) => {
    expect(buildFormat({ kind: 'regex', pattern })).toMatchObject({ ok: false });
  });
});
