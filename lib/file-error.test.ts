import { expect, test } from 'vitest';
import { failureText } from './file-error.ts';

test.each([
  [
    'what the system refused, in words',
    Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE', address: '127.0.0.1', port: 80 }),
    '127.0.0.1:80: the port is taken by another program (EADDRINUSE)',
  ],
  [
    'what a library was about, and why it failed',
    new Error('Failed query: select 1', { cause: new Error('timeout exceeded when trying to connect') }),
    'Failed query: select 1: timeout exceeded when trying to connect',
  ],
  ['a cause that is said already is not said twice', new Error('no answer: refused', { cause: new Error('refused') }), 'no answer: refused'],
  ['what is no error', 'odd', 'odd'],
])('%s', (_, error, said) => {
  expect(failureText(error).en).toBe(said);
});
