import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { encodingOf } from './encoding.ts';
import { logsParse, type ParseIo } from './parse.ts';

const dir = mkdtempSync(join(tmpdir(), 'fenghuo-options-'));
afterAll(() => rmSync(dir, { recursive: true }));
const put = (name: string, content: string): string => {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
};

async function run(argv: string[], more: Partial<ParseIo> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await logsParse(argv, { out: (text) => void out.push(text), err: (text) => void err.push(text), now: () => unixMs(Date.parse('2026-05-17T12:00:00Z')), ...more });
  return { code, out: out.join(''), err: err.join('') };
}

describe('the options of a format on the command line', () => {
  const file = put('own.log', '192.0.2.7 [17/May/2026:10:05:03 +0800] 0.250 "GET /q HTTP/1.1" 502\n');

  it('are text where the option takes text', async () => {
    const { code, out } = await run(['--format', 'nginx', '--option', 'log_format=$remote_addr [$time_local] $request_time "$request" $status', file]);
    expect({ code, event: JSON.parse(out) }).toMatchObject({
      code: 0,
      event: { time: '2026-05-17T02:05:03.000Z', attributes: { 'client.address': '192.0.2.7', 'http.server.request.duration': 0.25 } },
    });
  });

  it('are JSON where it takes a list or a map', async () => {
    const { out } = await run(['--format', 'json', '--option', 'attributes={"client.address":"ip"}', '--option', 'trusted_proxies=["10.0.0.0/8"]', put('a.json', '{"ip":"192.0.2.9, 10.0.0.1"}\n')]);
    expect(JSON.parse(out)).toMatchObject({ attributes: { 'client.address': '192.0.2.9' } });
  });

  test.each([
    { argv: ['--format', 'nginx', '--option', 'log_format'], says: '--option "log_format" is not NAME=VALUE' },
    { argv: ['--format', 'nginx', '--option', 'log_format=plain'], says: '--option log_format: log_format holds no field (copy the string from the server configuration)' },
    { argv: ['--format', 'nginx'], says: '--option log_format: Invalid input' },
    { argv: ['--format', 'combined', '--option', 'colour=red'], says: 'Unrecognized key: "colour"' },
    { argv: ['--format', 'regex', '--option', 'pattern=(?P<a>.)', '--option', 'time_layout=HH'], says: '--option time_layout: names no day, month and hour' },
    { argv: ['--config', 'a.yaml', '--format', 'combined'], says: '--config goes with --source' },
    { argv: ['--source', 'access'], says: 'no configuration to look --source up in' },
  ])('$says', async ({ argv, says }) => {
    const { code, err } = await run([...argv, file]);
    expect({ code, says: err.includes(says) ? says : err }).toEqual({ code: 2, says });
  });

  it('come from a source of the configuration, encoding and service with them', async () => {
    const encoding = encodingOf('utf-8');
    if (!encoding) throw new Error('no such encoding');
    const format = { kind: 'regex', pattern: '^(?P<client>\\S+) \\[(?P<time>[^ ]+) ', time_layout: 'DD/MMM/YYYY:HH:mm:ss', zone: 'Asia/Shanghai' };
    const source = (id: string) => (id === 'own' ? { service: 'invoice', format, encoding } : `--source "${id}" is none of own`);
    expect(JSON.parse((await run(['--source', 'own', file], { source })).out)).toMatchObject({ time: '2026-05-17T02:05:03.000Z', service: 'invoice', attributes: { client: '192.0.2.7' } });
    expect(await run(['--source', 'else', file], { source })).toMatchObject({ code: 2, err: expect.stringContaining('--source "else" is none of own') });
    expect(await run(['--source', 'own', '--format', 'auth', file], { source })).toMatchObject({ code: 2 });
  });
});

describe('a file whose lines say how the others are read', () => {
  it('counts those lines, but not as events or blanks', async () => {
    const file = put('iis.log', '#Software: x\n#Fields: date time c-ip sc-status\n2026-05-17 10:05:03 192.0.2.7 200\n\n#Fields: date time sc-status\n2026-05-17 10:05:04 404\n2026-05-17 10:05:05\n');
    const { out } = await run(['--format', 'w3c', '--summary', '--json', file]);
    expect(JSON.parse(out)).toMatchObject({ lines: 7, blank: 1, events: 2, malformed: 1, malformedLines: [7], status: { 200: 1, 404: 1 } });
  });
});
