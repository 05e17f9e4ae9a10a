import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { getRequestListener } from '@hono/node-server';
import type { Bus } from '#lib/bus.ts';
import type { Clock } from '#lib/clock.ts';
import type { Loop } from '#lib/loop.ts';
import { durationMs } from '#lib/time.ts';
import { createApi } from './api/app.ts';
import type { ConsolePorts } from './api/ports.ts';
import { contentPolicy, secureHeaders } from './headers.ts';
import { type ConsoleTopics, startLive } from './live.ts';
import { loadStaticFiles } from './static-files.ts';

export interface ConsoleOptions {
  host: string;
  /** 0 takes any free port. */
  port: number;
  ports: ConsolePorts;
  bus: Bus<ConsoleTopics>;
  clock: Clock;
  /** Pages come from Vite with hot reload instead of the build. */
  dev?: boolean;
  log: { error(error: unknown): void };
  /** Where the console was built. */
  buildDir?: string;
}

export interface Console {
  url: string;
  /** Stops taking requests, lets the running ones end (5 s at most) and disconnects the live sockets. */
  stop(): Promise<void>;
  /** Consoles connected to the live socket now. */
  watchers(): number;
  /** The live socket's own loops, for the health report. */
  loops(): readonly Loop[];
}

type Pages = (request: IncomingMessage, response: ServerResponse, path: string) => void;

/** One HTTP server: the public page from memory first, the API, the live socket, and the console's own files. */
export async function startConsole(options: ConsoleOptions): Promise<Console> {
  const { host, port, ports, bus, clock, log } = options;
  const server = createServer({ requestTimeout: 60_000, headersTimeout: 20_000, keepAliveTimeout: 15_000, maxHeaderSize: 32_768 });
  const api = getRequestListener(createApi({ ports, clock, onError: (error) => log.error(error) }).fetch, { overrideGlobalObjects: false });
  const files = loadStaticFiles(options.buildDir ?? fileURLToPath(new URL('./build', import.meta.url)));
  const dev = options.dev === true ? await devPages(server) : null;
  const policy = dev
    ? contentPolicy([])
        .replace(`script-src 'self'`, `script-src 'self' 'unsafe-inline'`)
        .replace(`style-src 'self'`, `style-src 'self' 'unsafe-inline'`)
        .replace(`connect-src 'self'`, `connect-src 'self' ws:`)
    : contentPolicy(files.scriptHashes);
  const pages: Pages = dev?.pages ?? ((request, response, path) => void (files.serve(request, response, path) || missing(response, files.isBuilt)));

  server.on('request', (request, response) => {
    const path = pathOf(request.url ?? '/');
    if (path.startsWith('/status') && statusPage(ports, { request, response, path })) return;
    secureHeaders(response, policy);
    if (isForApi(path)) void api(request, response);
    else if (request.method === 'GET' || request.method === 'HEAD') pages(request, response, path);
    else response.writeHead(405, { allow: 'GET, HEAD' }).end();
  });
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
    else socket.destroy();
  });
  const live = startLive({ server, people: ports.people, questions: ports.questions, bus, clock, onError: (error) => log.error(error) });
  await listening(server, { host, port }).catch(async (error: unknown) => {
    await live.stop();
    await dev?.stop();
    throw error;
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host === '0.0.0.0' ? '127.0.0.1' : host}:${address.port}`,
    watchers: live.watchers,
    loops: live.loops,
    async stop() {
      await live.stop();
      await dev?.stop();
      await closed(server, clock);
    },
  };
}

const apiPaths = ['/api/', '/ack/', '/v1/', '/loki/'];
const isForApi = (path: string): boolean => apiPaths.some((prefix) => path.startsWith(prefix)) || path === '/api' || path === '/metrics' || path === '/healthz' || path === '/readyz';

/** The path alone, decoded; what cannot be decoded is left as it came. */
function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  const path = end === -1 ? url : url.slice(0, end);
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  path: string;
}

/** The public page and its feeds: bytes that lie ready in memory, also when every store is down. */
function statusPage({ notices }: Pick<ConsolePorts, 'notices'>, { request, response, path }: Exchange): boolean {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  const answer = notices.statusAnswer({ method: request.method ?? 'GET', path, headers });
  if (!answer) return false;
  response.writeHead(answer.status, { 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin', ...answer.headers });
  response.end(request.method === 'HEAD' ? undefined : (answer.body ?? undefined));
  return true;
}

function missing(response: ServerResponse, isBuilt: boolean): void {
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  if (isBuilt) response.writeHead(404).end('没有这个页面 · not found\n');
  else response.writeHead(503).end('控制台还没有构建，请运行 npm run build · the console is not built yet: npm run build\n');
}

async function devPages(server: Server): Promise<{ pages: Pages; stop(): Promise<void> }> {
  const { createServer: createVite } = await import('vite');
  const vite = await createVite({ server: { middlewareMode: true, ws: { server } } });
  return { pages: (request, response) => vite.middlewares(request, response), stop: () => vite.close() };
}

function listening(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, 1024, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

function closed(server: Server, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(durationMs(5_000), () => server.closeAllConnections());
    server.close(() => {
      cancel();
      resolve();
    });
    server.closeIdleConnections();
  });
}
