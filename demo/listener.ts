import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { day, unixMs } from '#lib/time.ts';
import { selfSigned } from './certificate.ts';
import { control } from './control.ts';
import type { Mailbox } from './mailbox.ts';
import { type Service, serve } from './serve.ts';

/** The demo's one port: plain HTTP and TLS, told apart by the first byte; the service, and its switches for this machine. */
export interface Listener {
  url: string;
  stop(): Promise<void>;
}

interface Doors {
  service: Service;
  mailbox: Mailbox;
}

const mostBody = 65_536;
const tlsHello = 0x16;

export async function listen({ host, port }: { host: string; port: number }, doors: Doors): Promise<Listener> {
  const { world } = doors.service;
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    enter(request, response, doors).catch(() => response.destroy());
  };
  const plain = createHttpServer(onRequest);
  const secure = createHttpsServer(certificateNow(doors), onRequest);
  const forget = world.faults.onChange(({ name }) => {
    if (name === 'certificate-expiring') secure.setSecureContext(certificateNow(doors));
  });
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    sort(socket, { plain, secure });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  return {
    url: `http://${reachable(host)}:${(server.address() as AddressInfo).port}`,
    async stop() {
      forget();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** An address to knock at, for one to listen on. */
export const reachable = (host: string): string => (host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host);

/** Hands a connection to the server that speaks its language. */
function sort(socket: Socket, { plain, secure }: { plain: Server; secure: Server }): void {
  socket.once('readable', () => {
    const first: Buffer | null = socket.read(1);
    if (first === null) return void socket.destroy();
    socket.unshift(first);
    (first[0] === tlsHello ? secure : plain).emit('connection', socket);
  });
}

function certificateNow({ service }: Doors): { key: string; cert: string } {
  const now = service.world.clock.now();
  const daysLeft = service.world.faults.isOn('certificate-expiring') ? 3 : 80;
  return selfSigned({ host: '127.0.0.1', from: unixMs(now - 10 * day), until: unixMs(now + daysLeft * day) });
}

async function enter(request: IncomingMessage, response: ServerResponse, doors: Doors): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://demo');
  const body = await readBody(request);
  if (body === null) return void response.writeHead(413).end();
  if (url.pathname === '/_demo' || url.pathname.startsWith('/_demo/')) return answerControl({ request, response, url, body }, doors);
  const gone = new AbortController();
  response.on('close', () => gone.abort(new Error('gone')));
  const client = plainAddress(request.socket.remoteAddress ?? '');
  const asked = {
    method: request.method ?? 'GET',
    path: url.pathname,
    fields: fieldsOf(url, body, request.headers['content-type'] ?? ''),
    token: /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '',
    client,
    clientPort: request.socket.remotePort ?? 0,
    userAgent: request.headers['user-agent'] ?? '-',
  };
  const served = await serve(doors.service, asked, gone.signal);
  if (served.ending === 'reset') request.socket.resetAndDestroy();
  else if (served.ending === 'gone') response.destroy();
  else response.writeHead(served.status, { 'content-type': served.type, server: 'demo-invoice/1.0', 'cache-control': 'no-store' }).end(request.method === 'HEAD' ? undefined : served.body);
}

function answerControl({ request, response, url, body }: { request: IncomingMessage; response: ServerResponse; url: URL; body: string }, { service, mailbox }: Doors): void {
  const { status, body: answer } = isThisMachine(request.socket.remoteAddress ?? '')
    ? control({ method: request.method ?? 'GET', path: url.pathname, body }, { world: service.world, mailbox })
    : { status: 403, body: { error: 'only from this machine' } };
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }).end(JSON.stringify(answer));
}

const plainAddress = (address: string): string => address.replace(/^::ffff:/, '');
const isThisMachine = (address: string): boolean => address === '::1' || plainAddress(address).startsWith('127.');

/** Null when it is longer than anything the service takes. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > mostBody) return null;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Query, form or JSON: the service does not mind. */
function fieldsOf(url: URL, body: string, type: string): Record<string, string> {
  const fields = Object.fromEntries(url.searchParams);
  if (type.startsWith('application/x-www-form-urlencoded')) return { ...fields, ...Object.fromEntries(new URLSearchParams(body)) };
  if (!type.startsWith('application/json')) return fields;
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null) return fields;
    return { ...fields, ...Object.fromEntries(Object.entries(parsed).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)])) };
  } catch {
    return fields;
  }
}
