import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { reach } from './reach.ts';

const here = { sourceAddress: null };

it('something that listens is reached, and so is what refuses; a name nobody has is not', async () => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await reach(`127.0.0.1:${port}`, here)).toBe(true);
  server.close();
  await once(server, 'close');
  expect(await reach(`127.0.0.1:${port}`, here)).toBe(true);
  expect(await reach('no-such-host.invalid:80', here)).toBe(false);
});
