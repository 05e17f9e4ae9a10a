import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { lookWith, serveTcp } from './test-servers.ts';

/** Whatever comes back over the wire is a failure of the target with a reason, never a fault of the prober. */

const kinds = [
  { kind: 'redis' },
  { kind: 'smtp' },
  { kind: 'postgres' },
  { kind: 'postgres', starttls: 'required' },
  { kind: 'mysql' },
  { kind: 'mysql', starttls: 'required' },
  { kind: 'grpc' },
  { kind: 'grpc', tls: true },
  { kind: 'websocket', expect: 'x' },
];

/** Beginnings that lead a reader further in before the noise. */
const beginnings: Record<string, readonly string[]> = {
  redis: ['+PO', '-'],
  smtp: ['220 hi\r\n', '220-a\r\n220 b\r\n250-x\r\n250 STARTTLS\r\n'],
  postgres: ['R\0\0\0', 'E\0\0\0\x20', 'S', 'N\0\0\0\x05x'],
  mysql: ['\x4a\0\0\0\x0a8.4\0', '\x10\0\0\0\xff', '\0\0\0\0'],
  grpc: ['\0\0\0\x04\0\0\0\0\0'],
  websocket: ['HTTP/1.1 101 X\r\n', 'HTTP/1.1 '],
};

it.each(kinds)('$kind survives noise', async (config) => {
  for (let round = 0; round < 40; round++) {
    const starts = ['', ...(beginnings[config.kind] ?? [])];
    const start = Buffer.from(starts[round % starts.length] ?? '', 'latin1');
    const noise = Buffer.concat([start, randomBytes(round % 3 === 0 ? 20_000 : 1 + round * 7)]);
    const address = await serveTcp((socket) => socket.end(noise));
    const target = config.kind === 'websocket' ? { url: `ws://${address}/` } : { address };
    const { outcome } = await lookWith({ timeout: '1s', slow_after: '900ms', ...config, ...target });
    expect(outcome, `${noise.subarray(0, 200).toString('hex')}`).toMatchObject({ kind: 'fail', failure: { reason: expect.stringMatching(/./) } });
  }
});
