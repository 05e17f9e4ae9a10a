import { describe, expect, it, test } from 'vitest';
import { withLineFeeds } from './line-break.ts';
import { joinerOf } from './multiline.ts';

const traces = joinerOf({ multiline: 'traces', container: undefined });
const joined = (joiner: ReturnType<typeof joinerOf>, lines: readonly string[]): string[][] => (joiner?.join(lines) ?? []).map(({ text }) => withLineFeeds(text).split('\n'));

const java = [
  '2026-05-17 10:00:00,123 ERROR [main] c.e.Query - query failed',
  'java.lang.IllegalStateException: no captcha',
  '\tat com.example.Query.run(Query.java:42)',
  '\tat com.example.Main.main(Main.java:7)',
  'Caused by: java.io.IOException: reset',
  '\tat com.example.Net.read(Net.java:9)',
  '\t... 2 more',
];
const bareJava = ['java.lang.NullPointerException', '\tat com.example.A.b(A.java:1)'];
const php = [
  '[17-May-2026 10:00:00 Asia/Shanghai] PHP Fatal error:  Uncaught RuntimeException: no such invoice in /srv/query.php:12',
  'Stack trace:',
  '#0 /srv/index.php(3): query()',
  '#1 {main}',
  '  thrown in /srv/query.php on line 12',
];
const python = ['2026-05-17 10:00:00,123 ERROR query failed', 'Traceback (most recent call last):', '  File "/srv/query.py", line 3, in run', '    raise ValueError("no")', 'ValueError: no'];
const chainedPython = [
  ...python,
  '',
  'During handling of the above exception, another exception occurred:',
  '',
  'Traceback (most recent call last):',
  '  File "/srv/query.py", line 5, in run',
  '    close()',
  'KeyError: 1',
];
const filled = (lines: readonly string[]): string[] => lines.filter((line) => line !== '');

describe('stack traces', () => {
  test.each([
    { name: 'Java', event: java },
    { name: 'Java without a log line', event: bareJava, bare: true },
    { name: 'PHP', event: php },
    { name: 'Python', event: python },
    { name: 'Python without a log line', event: python.slice(1), bare: true },
    { name: 'Python, one raised while another was handled', event: chainedPython },
  ])('21. $name: one event, two in a row stay two, and lines around it stay apart', ({ event, bare = false }) => {
    const before = '2026-05-17 09:59:59,000 INFO before';
    const after = '2026-05-17 10:00:01,000 INFO after';
    expect(joined(traces, [before, ...event, ...event, after])).toEqual([...(bare ? [[before, ...filled(event)]] : [[before], filled(event)]), filled(event), [after]]);
    expect(traces?.whole([before, ...event])).toBe(bare ? 0 : 1);
    expect(traces?.whole([before, ...event, after])).toBe(1 + event.length);
  });

  it('21. a line that only looks indented before any event stands alone', () => {
    expect(joined(traces, ['\tat com.example.A.b(A.java:1)', '2026-05-17 10:00:00 INFO x'])).toEqual([['\tat com.example.A.b(A.java:1)'], ['2026-05-17 10:00:00 INFO x']]);
  });

  it('21. an endless trace is cut at the length of a line', () => {
    const frame = `\tat com.example.${'A'.repeat(1_000)}.b(A.java:1)`;
    const events = traces?.join(['2026-05-17 10:00:00 ERROR x', ...Array.from({ length: 1_000 }, () => frame)]) ?? [];
    expect(events.length).toBeGreaterThan(10);
    expect(Math.max(...events.map(({ text }) => text.length))).toBeLessThanOrEqual(65_536);
    expect(events.reduce((sum, { lines }) => sum + lines, 0)).toBe(1_001);
  });
});

describe('other rules', () => {
  it('21. with "dated" every line without a time goes on with the one before', () => {
    const dated = joinerOf({ multiline: 'dated', container: undefined });
    const lines = ['[2016-12-19 16:32:01,175] INFO KafkaConfig values: ', 'advertised.host.name = null', '', 'broker.id = 1', '[2016-12-19 16:32:02,000] INFO next'];
    expect(joined(dated, lines)).toEqual([[lines[0], lines[1], lines[3]], [lines[4]]]);
  });

  test.each([
    '17/06/09 20:10:40 INFO x',
    '20171223-22:15:29:606|x',
    '[Sun Dec 04 04:47:44 2005] [notice] x',
    'Nov  3 09:23:38 host app: x',
    '<13>Nov  3 09:23:38 host app: x',
    '[10.30 16:49:06] chrome.exe x',
    '1700000000.123 x',
    '2026-05-17T10:00:00Z x',
    '14:02:33.123 [main] ERROR x',
    'ERROR: x',
    '{"level":"error"}',
    '081109 203615 148 INFO x',
  ])('21. "%s" begins an event', (line) => {
    expect(joined(joinerOf({ multiline: 'dated', container: undefined }), ['2026-05-17 x', line])).toHaveLength(2);
  });

  it('21. with "indented" only indented lines go on', () => {
    const lines = ['Aug 16 00:32:15 mac syslogd[314]: Configuration Notice:', '\tASL Module claims messages.', 'Aug 16 00:32:16 mac x: y'];
    expect(joined(joinerOf({ multiline: 'indented', container: undefined }), lines)).toEqual([[lines[0], lines[1]], [lines[2]]]);
  });
});

describe('container logs', () => {
  const docker = (log: string, stream = 'stdout', time = '2026-05-17T10:00:00.5Z') => JSON.stringify({ log, stream, time });

  it('22. partial lines of docker are joined, stdout and stderr not mixed', () => {
    const joiner = joinerOf({ multiline: undefined, container: 'docker' });
    const lines = [docker('one long '), docker('error ', 'stderr'), docker('line\n'), docker('text\n', 'stderr'), docker('short\n'), docker('open ')];
    expect(joined(joiner, lines.slice(0, 5))).toEqual([['2026-05-17T10:00:00.5Z stdout F one long line'], ['2026-05-17T10:00:00.5Z stderr F error text'], ['2026-05-17T10:00:00.5Z stdout F short']]);
    expect(joiner?.whole(lines)).toBe(5);
    expect(joiner?.whole(lines.slice(0, 3))).toBe(0);
  });

  it('22. P and F of CRI are joined, stdout and stderr not mixed', () => {
    const joiner = joinerOf({ multiline: undefined, container: 'cri' });
    const at = '2026-05-17T10:00:00.123456789+08:00';
    const lines = [`${at} stdout P first `, `${at} stderr F alone`, `${at} stdout P second `, `${at} stdout F third`, `${at} stdout F `];
    expect(joined(joiner, lines)).toEqual([[`${at} stdout F first second third`], [`${at} stderr F alone`], [`${at} stdout F `]]);
    expect(joiner?.whole(lines)).toBe(5);
    expect(joiner?.whole(lines.slice(0, 3))).toBe(0);
  });

  it('22. traces of two streams are joined each for itself', () => {
    const joiner = joinerOf({ multiline: 'traces', container: 'docker' });
    const lines = java.flatMap((line, index) => [docker(`${line}\n`), docker(`2026-05-17 10:00:0${index} INFO tick\n`, 'stderr')]);
    const events = joined(joiner, lines);
    expect(events).toHaveLength(1 + java.length);
    expect(events[0]).toEqual([`2026-05-17T10:00:00.5Z stdout F ${java[0]}`, ...java.slice(1)]);
  });

  it('22. what is no wrapped line is kept as it is', () => {
    const joiner = joinerOf({ multiline: undefined, container: 'docker' });
    expect(joined(joiner, ['{broken', docker('x\n')])).toEqual([['{broken'], ['2026-05-17T10:00:00.5Z stdout F x']]);
  });
});
