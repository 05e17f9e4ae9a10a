import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Server } from 'socket.io';
import { systemClock } from '#lib/clock.ts';
import { second } from '#lib/time.ts';
import { entries, formAnswer, forms } from './forms.ts';
import { incidentView } from './incident.ts';
import { alerts, alertView, incidentRows, notice, overview, silences } from './operations.ts';
import { boards } from './panels.ts';
import { artifacts, probes, probeView } from './probes.ts';
import { far, faults, health, logs, mails, newToken, publicComponents, runbooks, runbookView, session, sources, tokens } from './rest.ts';

/*
 * A test tool: the built console over invented answers, for looking at pages and for component pictures without the rest of the product.
 * `node test/console-fixture/server.ts [PORT]`, then open the address it prints.
 */
const build = fileURLToPath(new URL('../../console/build', import.meta.url));
const types: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json' };
const missing = { error: { code: 'not_found', message: { 'zh-CN': '没有这个东西。', en: 'There is no such thing.' } } };

const fixed: Record<string, unknown> = {
  '/session': session,
  '/overview': overview,
  '/probes': { probes },
  '/boards': { boards: boards.map(({ id, title }) => ({ id, title })) },
  '/alerts': { alerts, nextEvaluationAt: new Date(systemClock.now() + 8000).toISOString() },
  '/silences': silences,
  '/incidents': { incidents: incidentRows },
  '/incidents/i1': incidentView,
  '/runbooks': { runbooks },
  '/notices': { notices: [notice], components: publicComponents },
  '/logs': logs,
  '/health-report': health,
  '/sources': sources,
  '/config/forms': forms,
  '/collectors': far,
  '/tokens': tokens,
  '/demo/faults': { faults },
  '/demo/inbox': { mails },
  '/search': { hits: [{ kind: 'probe', label: { 'zh-CN': '探测 mobile-login', en: 'Probe mobile-login' }, link: '/probes/mobile-login' }] },
};

function view(path: string): unknown {
  if (fixed[path] !== undefined) return fixed[path];
  const [, kind, id] = path.split('/');
  const probe = kind === 'probes' ? probes.find((each) => each.id === id) : undefined;
  if (probe) return probeView(probe);
  if (kind === 'config') return entries[path.slice('/config/'.length)];
  const alert = kind === 'alerts' ? alerts.find((each) => each.fingerprint === id) : undefined;
  if (alert) return alertView(alert);
  const runbook = kind === 'runbooks' ? runbooks.find((each) => each.id === id) : undefined;
  if (runbook) return runbookView(runbook);
  return kind === 'boards' ? boards.find((each) => each.id === id) : undefined;
}

function answer(path: string, request: IncomingMessage, response: ServerResponse): void {
  const kept = artifacts[path.split('/').at(-1) ?? ''];
  if (kept) return void response.writeHead(200, { 'content-type': kept.type }).end(kept.body);
  const body = request.method === 'GET' ? view(path) : written(path);
  response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? missing));
}
/** What a write is answered with. */
function written(path: string): unknown {
  if (path.startsWith('/config/')) return formAnswer(path) ?? (path.endsWith('/probes/try') ? probeView(probes[0] ?? never()).recent[0] : {});
  if (path.endsWith('/run')) return probeView(probes[0] ?? never()).recent[0];
  if (path === '/incidents') return { id: 'i1' };
  return path === '/tokens' ? newToken : {};
}
function never(): never {
  throw new Error('the fixture has no probe');
}

async function contentPolicy(): Promise<string> {
  const { scriptHashes } = JSON.parse(await readFile(join(build, 'csp.json'), 'utf8')) as { scriptHashes: string[] };
  const scripts = scriptHashes.map((hash) => `'${hash}'`).join(' ');
  return `default-src 'self'; script-src 'self' ${scripts}; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'`;
}

async function file(path: string, policy: string, response: ServerResponse): Promise<void> {
  const wanted = normalize(path).replace(/^(\.\.[/\\])+/, '');
  const found = extname(wanted) === '' ? null : await readFile(join(build, wanted)).catch(() => null);
  const type = found ? (types[extname(wanted)] ?? 'application/octet-stream') : types['.html'];
  response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(found ?? (await readFile(join(build, 'index.html'))));
}

/** Serves the built console over the invented answers, with a pulse a second as the real server has. */
export async function startFixture(port: number): Promise<{ url: string; stop(): Promise<void> }> {
  const policy = await contentPolicy();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://fixture');
    if (pathname.startsWith('/api/v1/')) answer(pathname.slice('/api/v1'.length), request, response);
    else if (!pathname.startsWith('/socket.io/')) void file(pathname, policy, response);
  });
  const io = new Server(server, { serveClient: false, transports: ['websocket'] });
  let stopBeat = (): void => {};
  const beat = (): void => {
    const at = systemClock.now();
    io.emit('pulse', { at: new Date(at).toISOString(), newest: { checks: new Date(at - 600).toISOString(), logs: null } });
    stopBeat = systemClock.after(second, beat);
  };
  beat();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      stopBeat();
      server.closeAllConnections();
      await io.close();
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startFixture(Number(process.argv[2] ?? 8690));
  console.log(url);
}
