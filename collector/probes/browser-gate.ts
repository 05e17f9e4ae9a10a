import { lookup } from 'node:dns/promises';
import { request as ask, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isRefused } from './guard.ts';

/**
 * The only way out of the browser: a proxy on loopback that resolves a name once, refuses what the guard refuses and connects to the
 * address it has judged. Redirects, sub-resources and web sockets pass here too, which interception inside the browser would miss.
 */
export interface Gate {
  url: string;
  /** Hosts that were refused, each once. */
  refused: ReadonlySet<string>;
  close(): void;
}

export interface GateOptions {
  allowMetadata: boolean;
  sourceAddress: string | null;
}

type Way = { host: string; port: number; localAddress?: string };

export async function openGate(options: GateOptions): Promise<Gate> {
  const refused = new Set<string>();
  const wayTo = async (host: string, port: number): Promise<Way | null> => {
    const bare = host.replace(/^\[|\]$/g, '');
    const address = isIP(bare) === 0 ? (await lookup(bare)).address : bare;
    if (isRefused(address) && !options.allowMetadata) {
      if (refused.size < 20) refused.add(host);
      return null;
    }
    return { host: address, port, ...(options.sourceAddress === null ? {} : { localAddress: options.sourceAddress }) };
  };
  const server = createServer((incoming, outgoing) => void forward(incoming, outgoing, wayTo).catch(() => outgoing.destroy()));
  server.on('connect', (incoming, socket, head) => void tunnel({ incoming, socket, head }, wayTo).catch(() => socket.destroy()));
  server.on('clientError', (_, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, refused, close: () => shut(server) };
}

function shut(server: Server): void {
  server.close();
  server.closeAllConnections();
}

type Finder = (host: string, port: number) => Promise<Way | null>;

async function forward(incoming: IncomingMessage, outgoing: ServerResponse, wayTo: Finder): Promise<void> {
  if (!URL.canParse(incoming.url ?? '')) return void outgoing.writeHead(400).end();
  const url = new URL(incoming.url ?? '');
  const way = await wayTo(url.hostname, Number(url.port || 80));
  if (way === null) return void outgoing.writeHead(403, { 'content-type': 'text/plain' }).end('refused address');
  const { 'proxy-connection': _, ...headers } = incoming.headers;
  const onward = ask({ ...way, method: incoming.method, path: `${url.pathname}${url.search}`, headers, agent: false }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.on('error', () => outgoing.destroy()).pipe(outgoing);
  });
  // Cut off without an answer, as the browser would have seen it without us.
  onward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}

async function tunnel({ incoming, socket, head }: { incoming: IncomingMessage; socket: Duplex; head: Buffer }, wayTo: Finder): Promise<void> {
  socket.on('error', () => socket.destroy());
  const target = new URL(`http://${incoming.url ?? ''}`);
  const way = await wayTo(target.hostname, Number(target.port || 80));
  if (way === null) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  const onward: Socket = connect(way);
  onward.on('error', () => socket.destroy());
  onward.on('close', () => socket.destroy());
  socket.on('close', () => onward.destroy());
  onward.once('connect', () => {
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    onward.write(head);
    socket.pipe(onward).pipe(socket);
  });
}
