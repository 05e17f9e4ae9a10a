import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { afterEach } from 'vitest';
import type { CheckResult } from '#collector/check.ts';
import { runCheck } from '#collector/run-check.ts';
import { localVantage, type Vantage } from '#collector/vantage.ts';
import { type SelfSigned, selfSigned } from '#demo/certificate.ts';
import { systemClock } from '#lib/clock.ts';
import { buildKind } from '#lib/kinds.ts';
import { unixMs } from '#lib/time.ts';
import { probeKinds } from './index.ts';

/** Real servers on loopback for the tests of probes, closed after each test. */

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** Listens on a free port; `127.0.0.1:PORT`. */
export async function listening(server: Server, sockets = new Set<Socket>()): Promise<string> {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export const serveTcp = (talk: (socket: Socket) => void): Promise<string> => listening(createServer(talk));

/** Turns a connection into the server's side of TLS. */
export function securedBy(socket: Duplex, { key, cert }: SelfSigned): TLSSocket {
  return new TLSSocket(socket as Socket, { isServer: true, key, cert }).on('error', () => {});
}

const day = 86_400_000;
/** For 127.0.0.1, good from yesterday for so many days. */
export const certificate = (days = 30): SelfSigned => selfSigned({ host: '127.0.0.1', from: unixMs(systemClock.now() - day), until: unixMs(systemClock.now() + days * day) });

/** One check of a probe written as in the configuration. */
export function lookWith(config: Record<string, unknown>, vantage: Vantage = localVantage): Promise<CheckResult> {
  const built = buildKind(probeKinds, { id: 'p', service: 's', timeout: '2s', slow_after: '1900ms', ...config }, undefined);
  if (!built.ok) throw new Error(JSON.stringify(built.issues));
  return runCheck({ probe: built.ready, vantage, attempt: 0, clock: systemClock });
}

/** The complaints about a configuration; empty when it is good. */
export function complaints(config: Record<string, unknown>): string[] {
  const built = buildKind(probeKinds, { id: 'p', service: 's', ...config }, undefined);
  return built.ok ? [] : built.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}
