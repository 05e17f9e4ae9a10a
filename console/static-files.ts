import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
};

interface StaticFile {
  type: string;
  etag: string;
  cache: string;
  plain: Buffer;
  br: Buffer | null;
  gz: Buffer | null;
}

export interface StaticFiles {
  /** Answers and returns true when the path is a file of the build, or a page of the single-page application. */
  serve(request: IncomingMessage, response: ServerResponse, path: string): boolean;
  /** Script hashes the build wants allowed. */
  scriptHashes: readonly string[];
  isBuilt: boolean;
}

/** The console as it was built, read once into memory; nothing outside `root` can be reached because only what was listed is served. */
export function loadStaticFiles(root: string): StaticFiles {
  const files = new Map<string, StaticFile>();
  for (const path of existsSync(root) ? listed(root) : []) if (!/\.(br|gz)$/.test(path) && !path.endsWith('csp.json')) files.set(`/${relative(root, path).split(sep).join('/')}`, read(path));
  const index = files.get('/index.html');
  return {
    isBuilt: index !== undefined,
    scriptHashes: hashesIn(join(root, 'csp.json')),
    serve(request, response, path) {
      const file = files.get(path === '/' ? '/index.html' : path) ?? (isPage(request, path) ? index : undefined);
      if (!file) return false;
      send(request, response, file);
      return true;
    },
  };
}

const listed = (folder: string): string[] => readdirSync(folder, { withFileTypes: true, recursive: true }).flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));

function read(path: string): StaticFile {
  const plain = readFileSync(path);
  const beside = (suffix: string): Buffer | null => (existsSync(path + suffix) ? readFileSync(path + suffix) : null);
  return {
    type: types[extname(path)] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    cache: path.includes(`${sep}immutable${sep}`) ? 'public, max-age=31536000, immutable' : 'no-cache',
    plain,
    br: beside('.br'),
    gz: beside('.gz'),
  };
}

function hashesIn(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  const found: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const hashes = typeof found === 'object' && found !== null && 'scriptHashes' in found ? found.scriptHashes : [];
  return Array.isArray(hashes) ? hashes.filter((hash): hash is string => typeof hash === 'string' && /^sha(256|384|512)-[A-Za-z0-9+/=]+$/.test(hash)) : [];
}

/** A navigation to an address of the application, not a missing file. */
const isPage = (request: IncomingMessage, path: string): boolean => (request.headers.accept ?? '').includes('text/html') && !path.startsWith('/_app/') && extname(path) === '';

function send(request: IncomingMessage, response: ServerResponse, file: StaticFile): void {
  response.setHeader('etag', file.etag);
  response.setHeader('cache-control', file.cache);
  response.setHeader('vary', 'accept-encoding');
  if (request.headers['if-none-match'] === file.etag) {
    response.writeHead(304).end();
    return;
  }
  const accepted = String(request.headers['accept-encoding'] ?? '');
  const body = /\bbr\b/.test(accepted) && file.br ? file.br : /\bgzip\b/.test(accepted) && file.gz ? file.gz : file.plain;
  if (body !== file.plain) response.setHeader('content-encoding', body === file.br ? 'br' : 'gzip');
  response.writeHead(200, { 'content-type': file.type, 'content-length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}
