import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { fault } from './fault.ts';

/** What a request says besides its body, in ClickHouse's HTTP vocabulary. */
export interface Ask {
  query: string;
  queryId: string;
  database: string;
  format: string;
  sessionId: string;
  sessionTimeoutSeconds: number;
  sessionMustExist: boolean;
  /** Hold the answer until the statement has ended, so that an error still gets its own status. */
  waitForEnd: boolean;
  progress: boolean;
  compress: boolean;
  settings: Map<string, string>;
  params: Map<string, string>;
}

/** Read here and never handed on as a setting. */
const ours = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'user',
  'password',
  'session_id',
  'session_timeout',
  'session_check',
  'close_session',
  'quota_key',
  'role',
  'wait_end_of_query',
  'buffer_size',
  'compress',
  'decompress',
  'stacktrace',
  'log_comment',
]);
const yes = (value: string | null | undefined): boolean => value === '1' || value === 'true';

export function readAsk(url: URL, request: IncomingMessage): Ask {
  const query = url.searchParams;
  const header = (name: string): string => request.headers[name]?.toString() ?? '';
  if (yes(query.get('compress')) || yes(query.get('decompress'))) throw fault(48, 'NOT_IMPLEMENTED', "ClickHouse's own block compression is not supported; use Content-Encoding and Accept-Encoding");
  if (query.has('role')) throw fault(511, 'UNKNOWN_ROLE', `There is no role \`${query.get('role')}\` in the embedded engine`);
  const ask: Ask = {
    query: query.get('query') ?? '',
    queryId: query.get('query_id') || crypto.randomUUID(),
    database: query.get('database') || header('x-clickhouse-database'),
    format: query.get('default_format') || header('x-clickhouse-format') || 'TabSeparated',
    sessionId: query.get('session_id') ?? '',
    sessionTimeoutSeconds: Math.min(3600, Number(query.get('session_timeout') ?? 60) || 60),
    sessionMustExist: yes(query.get('session_check')),
    waitForEnd: yes(query.get('wait_end_of_query')),
    progress: yes(query.get('send_progress_in_http_headers')),
    compress: yes(query.get('enable_http_compression')) && /\bgzip\b/.test(header('accept-encoding')),
    settings: new Map(),
    params: new Map(),
  };
  for (const [name, value] of query) addNamed(ask, name, value);
  // As on a server: GET must not change anything.
  if (request.method === 'GET' && !yes(ask.settings.get('readonly'))) ask.settings.set('readonly', '2');
  return ask;
}

/** Takes `query`, parameters and settings out of a form; returns the query. */
export async function readForm(ask: Ask, body: Buffer, contentType: string): Promise<string> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData().catch(() => undefined);
  if (!form) throw fault(117, 'INCORRECT_DATA', 'The body is not valid multipart/form-data');
  for (const [name, value] of form) {
    if (typeof value !== 'string') throw fault(48, 'NOT_IMPLEMENTED', `External data for tables (${name}) is not supported by the embedded engine`);
    if (name === 'query') ask.query = value;
    else addNamed(ask, name, value);
  }
  return ask.query;
}

/** Files one name and value under parameters or settings. */
function addNamed(ask: Ask, name: string, value: string): void {
  if (name.startsWith('param_')) ask.params.set(name.slice(6), value);
  else if (!ours.has(name)) ask.settings.set(name, value);
}

/** Throws unless the request carries the password, by any of ClickHouse's three ways. */
export function authenticate(url: URL, request: IncomingMessage, password: string): void {
  const { user, key } = credentials(url, request);
  const given = Buffer.from(key);
  const wanted = Buffer.from(password);
  if (user === 'default' && given.length === wanted.length && timingSafeEqual(given, wanted)) return;
  throw fault(516, 'AUTHENTICATION_FAILED', `${user}: Authentication failed: password is incorrect, or there is no user with such name`);
}

function credentials(url: URL, request: IncomingMessage): { user: string; key: string } {
  const { authorization = '', 'x-clickhouse-user': user, 'x-clickhouse-key': key } = request.headers;
  const basic = /^basic (.+)$/i.exec(authorization)?.[1];
  if (basic) {
    const text = Buffer.from(basic, 'base64').toString();
    const colon = text.indexOf(':');
    return { user: colon < 0 ? text : text.slice(0, colon), key: colon < 0 ? '' : text.slice(colon + 1) };
  }
  return { user: user?.toString() ?? url.searchParams.get('user') ?? 'default', key: key?.toString() ?? url.searchParams.get('password') ?? '' };
}
