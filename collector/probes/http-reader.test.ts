import { describe, expect, it } from 'vitest';
import { HttpReader } from './http-reader.ts';

interface Read {
  status: number;
  body: string;
  keepsOpen: boolean;
  headers: Record<string, unknown>;
  heads: number;
}

/** What is read of an answer that comes in pieces of so many bytes and then ends. */
function read(text: string, { method = 'GET', maxBytes = 1_000, pieces = text.length }: { method?: string; maxBytes?: number; pieces?: number } = {}): Read | 'cut short' {
  let heads = 0;
  const reader = new HttpReader({ method, maxBytes, onHead: () => heads++ });
  const bytes = Buffer.from(text, 'latin1');
  let done = false;
  for (let at = 0; at < bytes.length && !done; at += pieces) done = reader.push(bytes.subarray(at, at + pieces));
  if (!done && !reader.close()) return 'cut short';
  const { status, headers, bytes: body } = reader.received();
  return { status, body: body.toString('latin1'), keepsOpen: reader.keepsOpen(), headers: { ...headers }, heads };
}

const answers: { name: string; text: string; options?: Parameters<typeof read>[1]; expected: Partial<Read> }[] = [
  { name: 'a length', text: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', expected: { status: 200, body: 'ok', keepsOpen: true } },
  { name: 'no body', text: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', expected: { body: '', keepsOpen: true } },
  { name: 'a status without words', text: 'HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n', expected: { status: 503 } },
  {
    name: 'chunks, with extensions and trailers',
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n1;x=y\r\na\r\nA\r\nbcdefghijk\r\n0\r\nX: y\r\n\r\n',
    expected: { body: 'abcdefghijk', keepsOpen: true },
  },
  { name: 'until the other side closes', text: 'HTTP/1.1 200 OK\r\n\r\nall of it', expected: { body: 'all of it', keepsOpen: false } },
  { name: 'an answer that says it closes', text: 'HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 1\r\n\r\na', expected: { body: 'a', keepsOpen: false } },
  { name: 'HTTP/1.0', text: 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na', expected: { body: 'a', keepsOpen: false } },
  { name: 'more than it said', text: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab', options: { pieces: 100 }, expected: { body: 'a', keepsOpen: false } },
  { name: 'the head of HEAD', text: 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n', options: { method: 'HEAD' }, expected: { body: '', keepsOpen: true } },
  { name: 'nothing changed', text: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n', expected: { status: 304, body: '' } },
  { name: 'early hints first', text: 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n', expected: { status: 204, heads: 1, headers: {} } },
  { name: 'more than is wanted', text: `HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n${'a'.repeat(100)}`, options: { maxBytes: 60 }, expected: { body: 'a'.repeat(60), keepsOpen: false } },
  {
    name: 'headers twice, folded, empty',
    text: 'HTTP/1.1 204 X\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Long: a\r\n  b\r\nX-Empty:\r\n__proto__: x\r\n\r\n',
    expected: { headers: { 'set-cookie': ['a=1', 'b=2'], 'x-long': 'a b', 'x-empty': '', ['__proto__']: 'x' } },
  },
];

describe('an HTTP answer', () => {
  it.each(answers)('$name', ({ text, options, expected }) => {
    expect(read(text, options)).toMatchObject(expected);
    for (const pieces of [1, 2, 3, 7])
      expect({ pieces, read: read(text, { ...options, pieces }) }).toMatchObject({ pieces, read: { ...expected, ...(expected.keepsOpen === false ? { keepsOpen: expect.any(Boolean) } : {}) } });
  });

  it.each([
    ['not HTTP/1', 'SSH-2.0-OpenSSH_9\r\n'],
    ['not HTTP/1', 'HTTP/2 200\r\n\r\n'],
    ['not HTTP/1', 'HTTP/1.1 OK\r\n\r\n'],
    ['an upgrade nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['a header that is none', 'HTTP/1.1 200 OK\r\nno colon\r\n\r\n'],
    ['a header that is none', 'HTTP/1.1 200 OK\r\nname : blank before the colon\r\n\r\n'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    ['a length and an encoding at once', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a chunk that is no HTTP', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['a chunk that is no HTTP', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(2_000)}`],
    ['a chunk longer than it said', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n'],
    ['headers of more than 16384 B', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(17_000)}`],
    ['trailers of more than 16384 B', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${`X: ${'x'.repeat(900)}\r\n`.repeat(20)}`],
  ])('%s', (message, text) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text, { pieces: 5 })).toThrow(message);
  });

  it.each(['HTTP/1.1 200 OK\r\nContent-Le', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n'])('is cut short: %j', (text) => {
    expect(read(text)).toBe('cut short');
  });
});
