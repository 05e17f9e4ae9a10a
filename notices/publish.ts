import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Language } from '#lib/text.ts';
import { renderApi } from './api-v2.ts';
import { renderAtom, renderCalendar, renderRss } from './feeds.ts';
import { renderPage } from './page.ts';
import { pagePolicy } from './page-style.ts';
import type { PublicFacts } from './page-words.ts';

/** One public file before it is compressed. */
export interface PublicFile {
  path: string;
  type: string;
  language: Language | null;
  text: string;
}
interface Encoded {
  body: Uint8Array;
  etag: string;
}
interface Entry {
  file: PublicFile;
  encodings: Readonly<Record<'identity' | 'gzip' | 'br', Encoded>>;
}
export interface StatusAsk {
  method: string;
  path: string;
  headers: Readonly<Record<string, string | undefined>>;
}
export interface StatusAnswer {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array | string | null;
}
export interface Lifetimes {
  cacheForMs: number;
  staleForMs: number;
}

const types = {
  html: 'text/html; charset=utf-8',
  atom: 'application/atom+xml; charset=utf-8',
  rss: 'application/rss+xml; charset=utf-8',
  ics: 'text/calendar; charset=utf-8',
  json: 'application/json; charset=utf-8',
} as const;

/** Everything public, rendered from the same facts at one go. */
export function renderAll(facts: PublicFacts): PublicFile[] {
  const first = facts.languages[0] ?? 'zh-CN';
  const file = (path: string, [kind, text]: readonly [keyof typeof types, string], language: Language | null = first): PublicFile => ({ path: `/status/${path}`, type: types[kind], language, text });
  return [
    ...facts.languages.map((language) => file(language, ['html', renderPage(facts, language)], language)),
    file('feed.atom', ['atom', renderAtom(facts, first)]),
    file('feed.rss', ['rss', renderRss(facts, first)]),
    ...facts.languages.flatMap((language) => [
      file(`${language}/feed.atom`, ['atom', renderAtom(facts, language)], language),
      file(`${language}/feed.rss`, ['rss', renderRss(facts, language)], language),
    ]),
    file('maintenance.ics', ['ics', renderCalendar(facts, first)]),
    ...Object.entries(renderApi(facts)).map(([name, value]) => file(`api/v2/${name}`, ['json', JSON.stringify(value)], null)),
  ];
}

/** Holds the bytes in memory and answers from them; nothing is rendered or read for a request. */
export function createPublication({ dir, lifetimes }: { dir: string; lifetimes(): Lifetimes }) {
  let entries: ReadonlyMap<string, Entry> = new Map();
  const place = join(dir, 'status.json');
  return {
    /** Puts new bytes in the old ones' place at once, in memory and on disk. */
    async publish(files: readonly PublicFile[]): Promise<void> {
      entries = await encodeAll(files);
      mkdirSync(dir, { recursive: true });
      const draft = `${place}.new`;
      writeFileSync(draft, JSON.stringify(files), { flush: true });
      renameSync(draft, place);
    },
    /** Takes up what was published last, so that it is served before any database answers. */
    async takeUp(): Promise<boolean> {
      const files = readFiles(place);
      if (!files) return false;
      entries = await encodeAll(files);
      return true;
    },
    answer: (ask: StatusAsk): StatusAnswer | null => answer(entries, ask, lifetimes()),
  };
}
export type Publication = ReturnType<typeof createPublication>;

function readFiles(place: string): PublicFile[] | null {
  try {
    const files = JSON.parse(readFileSync(place, 'utf8')) as unknown;
    return Array.isArray(files) && files.every((file: Partial<PublicFile> | null) => typeof file?.path === 'string' && typeof file.type === 'string' && typeof file.text === 'string')
      ? (files as PublicFile[])
      : null;
  } catch {
    return null;
  }
}

const gzipped = promisify(gzip);
const brotlied = promisify(brotliCompress);

async function encodeAll(files: readonly PublicFile[]): Promise<ReadonlyMap<string, Entry>> {
  const entries = await Promise.all(
    files.map(async (file): Promise<[string, Entry]> => {
      const identity = Buffer.from(file.text);
      // The policy is part of what a reader gets, so it is part of the tag too.
      const tag = createHash('sha256').update(file.type).update(pagePolicy).update(identity).digest('base64url').slice(0, 22);
      const [zipped, brotli] = await Promise.all([
        gzipped(identity, { level: 9 }),
        brotlied(identity, { params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: identity.length } }),
      ]);
      return [file.path, { file, encodings: { identity: { body: identity, etag: `"${tag}"` }, gzip: { body: zipped, etag: `"${tag}-g"` }, br: { body: brotli, etag: `"${tag}-b"` } } }];
    }),
  );
  return new Map(entries);
}

const notReady = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', 'retry-after': '2' };

function answer(entries: ReadonlyMap<string, Entry>, { method, path, headers }: StatusAsk, lifetimes: Lifetimes): StatusAnswer | null {
  const bare = path.length > 1 ? path.replace(/\/+$/, '') : path;
  if (bare !== '/status' && !bare.startsWith('/status/')) return null;
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, headers: { allow: 'GET, HEAD', 'content-type': 'text/plain; charset=utf-8' }, body: 'only GET and HEAD\n' };
  if (entries.size === 0)
    return { status: 503, headers: { ...notReady }, body: method === 'HEAD' ? null : '状态页正在生成，请稍后再试 / the status page is being made, please try again in a moment\n' };
  const entry = bare === '/status' ? chosen(entries, headers['accept-language'] ?? '') : entries.get(bare);
  if (!entry) return null;
  const { body, etag, encoding } = encoded(entry, headers['accept-encoding'] ?? '');
  const common = headersOf(entry, { etag, encoding, negotiated: bare === '/status' }, lifetimes);
  if (sameTag(headers['if-none-match'], entry)) return { status: 304, headers: common, body: null };
  return { status: 200, headers: { ...common, 'content-type': entry.file.type, 'content-length': String(body.length) }, body: method === 'HEAD' ? null : body };
}

/** The reader's language, else the site's first one. */
function chosen(entries: ReadonlyMap<string, Entry>, accepted: string): Entry | undefined {
  const pages = [...entries.values()].filter(({ file }) => /^\/status\/[^/.]+$/.test(file.path));
  const wished = accepted
    .split(',')
    .map((part) => part.trim().split(';'))
    .map(([name = '', quality = '']) => ({ name: name.toLowerCase(), quality: quality.startsWith('q=') ? Number(quality.slice(2)) : 1 }))
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
  for (const { name } of wished) {
    const found = pages.find(({ file }) => file.language !== null && name.split('-')[0] === file.language.toLowerCase().split('-')[0]);
    if (found) return found;
  }
  return pages[0];
}

function encoded({ encodings }: Entry, accepted: string): Encoded & { encoding: 'identity' | 'gzip' | 'br' } {
  const takes = (name: string) => accepted.split(',').some((part) => new RegExp(`^\\s*${name}\\s*(;\\s*q=(?!0(\\.0*)?\\s*$).*)?$`, 'i').test(part));
  const encoding = takes('br') ? 'br' : takes('gzip') ? 'gzip' : 'identity';
  return { ...encodings[encoding], encoding };
}

/** Weak comparison, any encoding: the reader has these very words already. */
function sameTag(wanted: string | undefined, { encodings }: Entry): boolean {
  if (!wanted) return false;
  const tags = wanted.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || Object.values(encodings).some(({ etag }) => tags.includes(etag));
}

function headersOf({ file }: Entry, { etag, encoding, negotiated }: { etag: string; encoding: string; negotiated: boolean }, { cacheForMs, staleForMs }: Lifetimes): Record<string, string> {
  const seconds = (ms: number) => Math.round(ms / 1000);
  const headers: Record<string, string> = {
    etag,
    'cache-control': `public, max-age=${seconds(cacheForMs)}, stale-while-revalidate=${seconds(cacheForMs) * 3}, stale-if-error=${seconds(staleForMs)}`,
    vary: negotiated ? 'accept-encoding, accept-language' : 'accept-encoding',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  };
  if (encoding !== 'identity') headers['content-encoding'] = encoding;
  if (file.language) headers['content-language'] = file.language;
  if (file.type.startsWith('text/html')) headers['content-security-policy'] = pagePolicy;
  else headers['access-control-allow-origin'] = '*';
  return headers;
}
