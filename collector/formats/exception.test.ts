import { describe, expect, it, test } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { exceptionIn } from './exception.ts';
import { buildFormat } from './index.ts';

test.each([
  {
    runtime: 'Java',
    text: '2026-05-17 10:05:03,1 ERROR a.B: failed\njava.lang.IllegalStateException: no session\n\tat a.B.c(B.java:7)\nCaused by: java.io.IOException: gone\n\tat d.E.f(E.java:9)',
    type: 'java.lang.IllegalStateException',
    message: 'no session',
  },
  { runtime: 'Java without a message', text: 'Exception in thread "main" java.lang.NullPointerException\n    at a.B.c(B.java:7)', type: 'java.lang.NullPointerException', message: '' },
  { runtime: 'PHP', text: 'PHP Fatal error:  Uncaught App\\NoTicket: no ticket in /srv/a.php:3\nStack trace:\n#0 /srv/b.php(9): f()\n#1 {main}', type: 'App\\NoTicket', message: 'no ticket' },
  { runtime: 'Python', text: 'failed\nTraceback (most recent call last):\n  File "a.py", line 1, in <module>\n    f()\nValueError: no invoice', type: 'ValueError', message: 'no invoice' },
  {
    runtime: 'Python, raised while another was handled',
    text: 'Traceback (most recent call last):\n  File "a.py", line 1\nKeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "a.py", line 2\napp.errors.Gone: late',
    type: 'app.errors.Gone',
    message: 'late',
  },
  { runtime: 'Node', text: 'TypeError: x is not a function\n    at run (/srv/a.js:1:2)', type: 'TypeError', message: 'x is not a function' },
])('$runtime: the exception is named', ({ text, type, message }) => {
  const found = exceptionIn(text);
  expect({ type: found?.type, message: found?.message }).toEqual({ type, message });
  expect(text.endsWith(found?.stacktrace ?? '–')).toBe(true);
});

describe('an event of several lines', () => {
  it('that is no trace has no exception', () => {
    expect(exceptionIn('one\ntwo\n  three')).toBeUndefined();
  });

  it('carries its exception as attributes, in text and in JSON', () => {
    const near = unixMs(0);
    const java = buildFormat({ kind: 'log4j' });
    const json = buildFormat({ kind: 'json' });
    if (!java.ok || !json.ok) throw new Error('no such format');
    expect(java.ready.parse('2026-05-17 10:05:03 ERROR a.B failed\na.Gone: late\n\tat a.B.c(B.java:7)', near).attributes).toEqual({
      'exception.type': 'a.Gone',
      'exception.message': 'late',
      'exception.stacktrace': 'a.Gone: late\n\tat a.B.c(B.java:7)',
      'error.type': 'a.Gone',
    });
    const pino = JSON.stringify({ level: 50, msg: 'failed', err: { type: 'TypeError', stack: 'TypeError: x\n    at run (a.js:1:2)' } });
    expect(json.ready.parse(pino, near).attributes).toMatchObject({ 'exception.type': 'TypeError', 'exception.message': 'x' });
  });

  it('made to be slow to read is not', () => {
    const text = `${'a.'.repeat(30_000)}\n${' at'.repeat(20_000)}\n${'x\n'.repeat(20_000)}`;
    const started = performance.now();
    exceptionIn(text);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
