import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { logsParse } from './parse.ts';

const dir = mkdtempSync(join(tmpdir(), 'fenghuo-parse-events-'));
afterAll(() => rmSync(dir, { recursive: true }));

async function parse(content: string, ...argv: string[]) {
  const file = join(dir, 'app.log');
  writeFileSync(file, content);
  const out: string[] = [];
  const err: string[] = [];
  const io = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text), now: () => unixMs(0) };
  const code = await logsParse([...argv, file], io);
  return { code, err: err.join(''), out: out.join('') };
}

const trace = ['Nov 24 10:00:00 host app: query failed', 'java.lang.IllegalStateException: no', '\tat com.example.Query.run(Query.java:42)', 'Nov 24 10:00:01 host app: fine'].join('\n');

describe('fenghuo logs parse with events of several lines', () => {
  it('21. prints one event, by the number of its first line', async () => {
    const { out } = await parse(`first\n\n${trace}\n`, '--format', 'syslog', '--multiline', 'traces');
    const events = out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    expect(events).toMatchObject([
      { line: 3, body: 'query failed\njava.lang.IllegalStateException: no\n\tat com.example.Query.run(Query.java:42)' },
      { line: 6, body: 'fine' },
    ]);
  });

  it('21. counts lines and events apart', async () => {
    const { out } = await parse(`${trace.repeat(5_000).replaceAll('fineNov', 'fine\nNov')}\n`, '--format', 'syslog', '--multiline', 'traces', '--summary', '--json');
    expect(JSON.parse(out)).toMatchObject({ lines: 20_000, blank: 0, events: 10_000, malformed: 0 });
  });

  it('22. reads what container runtimes wrap', async () => {
    const docker = (log: string) => `${JSON.stringify({ log, stream: 'stderr', time: '2026-11-24T10:00:00.5Z' })}\n`;
    const { out } = await parse(docker('Failed password for li ') + docker('from 192.0.2.9 port 1 ssh2\n'), '--format', 'auth', '--container', 'docker');
    expect(JSON.parse(out)).toMatchObject({ line: 1, time: '2026-11-24T10:00:00.500Z', attributes: { 'log.iostream': 'stderr', 'client.address': '192.0.2.9', 'user.name': 'li' } });
  });

  it.each([
    { argv: ['--multiline', 'sometimes'], says: /--multiline: .*traces/ },
    { argv: ['--container', 'box'], says: /--container: .*docker/ },
  ])('answers 2 to $argv', async ({ argv, says }) => {
    const { code, err } = await parse('x\n', '--format', 'syslog', ...argv);
    expect(code).toBe(2);
    expect(err).toMatch(says);
  });
});
