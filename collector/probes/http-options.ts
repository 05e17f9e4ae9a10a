import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { z } from 'zod';
import type { Disagreement, Field } from '#lib/kinds.ts';
import { secretText } from '#lib/schema.ts';
import { Secret } from '#lib/secret.ts';
import { urlText } from './http-shape.ts';
import type { Dialing } from './line.ts';

/** How an http probe or a journey gets to its target and who it says it is. */

const credentials = z.strictObject({ user: z.string().min(1), password: secretText });
const address = z.string().refine((text) => isIP(text) !== 0, { message: 'not an IP address', params: { hint: 'for example 192.0.2.7 or 2001:db8::7' } });
const proxyUrl = urlText.refine((url) => url.protocol === 'http:' && url.username === '' && url.password === '', {
  message: 'not the http address of a proxy without credentials',
  params: { hint: 'for example http://proxy.example:3128, the credentials under proxy_auth' },
});

/** A form hands in text. */
export const familyNumber = z
  .union([z.number(), z.string()])
  .transform(Number)
  .pipe(z.union([z.literal(4), z.literal(6)], { error: 'is not 4 or 6' }));

/** How the target is reached; also a journey's. */
export const dialOptions = {
  /** Which version is offered; over TLS only for 2. */
  http: z
    .union([z.string(), z.number()])
    .transform(String)
    .pipe(z.enum(['1.1', '2', 'auto'], { error: 'is not 1.1, 2 or auto' }))
    .default('1.1'),
  ip_family: familyNumber.optional(),
  /** Name to address, instead of asking DNS; the name itself stays in Host and SNI. */
  resolve: z.record(z.string(), address).default({}),
  proxy: proxyUrl.optional(),
  proxy_auth: credentials.optional(),
  /** PEM; shown to the origin of `url`, or of a journey's first step, alone. */
  client_certificate: secretText.optional(),
  client_key: secretText.optional(),
};

export const httpOptions = { ...dialOptions, basic: credentials.optional(), bearer: secretText.optional() };
type DialConfig = z.output<z.ZodObject<typeof dialOptions>>;
type Config = z.output<z.ZodObject<typeof httpOptions>> & { url: URL; headers: Readonly<Record<string, unknown>> };

export const familyField: Field = {
  id: 'ip_family',
  label: { 'zh-CN': 'IP 版本', en: 'IP family' },
  input: 'select',
  required: false,
  options: ['4', '6'].map((value) => ({ value, label: { 'zh-CN': `IPv${value}`, en: `IPv${value}` } })),
};

export const dialFields: readonly Field[] = [
  {
    id: 'http',
    label: { 'zh-CN': 'HTTP 版本', en: 'HTTP version' },
    input: 'select',
    required: false,
    options: ['1.1', '2', 'auto'].map((value) => ({ value, label: { 'zh-CN': value, en: value } })),
  },
  familyField,
  { id: 'proxy', label: { 'zh-CN': 'HTTP 代理', en: 'HTTP proxy' }, input: 'url', required: false, help: { 'zh-CN': '例如 http://proxy.example:3128', en: 'For example http://proxy.example:3128' } },
  { id: 'proxy_auth.user', label: { 'zh-CN': '代理用户名', en: 'Proxy user' }, input: 'text', required: false },
  { id: 'proxy_auth.password', label: { 'zh-CN': '代理密码', en: 'Proxy password' }, input: 'secret', required: false },
  {
    id: 'resolve',
    label: { 'zh-CN': '指定解析', en: 'Resolve as' },
    input: 'map',
    required: false,
    help: { 'zh-CN': '主机名 → IP 地址，不询问 DNS', en: 'Host name → IP address, without asking DNS' },
  },
  { id: 'client_certificate', label: { 'zh-CN': '客户端证书', en: 'Client certificate' }, input: 'secret', required: false, help: { 'zh-CN': 'PEM 文本', en: 'PEM text' } },
  { id: 'client_key', label: { 'zh-CN': '客户端私钥', en: 'Client key' }, input: 'secret', required: false, help: { 'zh-CN': 'PEM 文本', en: 'PEM text' } },
];

export const httpOptionFields: readonly Field[] = [
  { id: 'bearer', label: { 'zh-CN': '访问令牌', en: 'Bearer token' }, input: 'secret', required: false },
  { id: 'basic.user', label: { 'zh-CN': 'Basic 用户名', en: 'Basic user' }, input: 'text', required: false },
  { id: 'basic.password', label: { 'zh-CN': 'Basic 密码', en: 'Basic password' }, input: 'secret', required: false },
  ...dialFields,
];

type Said = [boolean, string, string, string];
const complaintsOf = (said: readonly Said[]): Disagreement[] => said.flatMap(([wrong, key, message, hint]) => (wrong ? [{ path: [key], message, hint }] : []));

/** Ways to the target that contradict each other; `url` is where it begins, null while that is not known. */
export function dialDisagreements(config: DialConfig, url: URL | null): Disagreement[] {
  const host = url?.hostname.replace(/^\[|\]$/g, '') ?? '';
  const target = config.resolve[host] ?? host;
  const secure = url === null || url.protocol === 'https:';
  return complaintsOf([
    [config.http === '2' && !secure, 'http', 'HTTP/2 is spoken over TLS only', 'use an https address, or http: 1.1'],
    [config.ip_family !== undefined && isIP(target) !== 0 && isIP(target) !== config.ip_family, 'ip_family', `${target} is of the other family`, 'leave ip_family out'],
    [config.proxy !== undefined && Object.keys(config.resolve).length > 0, 'resolve', 'behind a proxy, the proxy resolves names', 'keep one of proxy and resolve'],
    [config.proxy_auth !== undefined && config.proxy === undefined, 'proxy_auth', 'there is no proxy', 'add proxy: http://proxy.example:3128'],
    [(config.client_certificate === undefined) !== (config.client_key === undefined), 'client_certificate', 'a client certificate needs its key', 'write client_certificate and client_key'],
    [!pairs(config), 'client_certificate', 'the client certificate and its key cannot be read together', 'both are PEM, of the same key'],
  ]);
}

/** Options of one request that contradict each other. */
export function httpDisagreements(config: Config): Disagreement[] {
  const written = Object.keys(config.headers).some((name) => name.toLowerCase() === 'authorization');
  const authorizations = [config.basic !== undefined, config.bearer !== undefined, written].filter(Boolean).length;
  return [
    ...dialDisagreements(config, config.url),
    ...complaintsOf([[authorizations > 1, 'bearer', 'the request would carry two authorizations', 'keep one of basic, bearer and the header authorization']]),
  ];
}

function pairs({ client_certificate: cert, client_key: key }: DialConfig): boolean {
  if (cert === undefined || key === undefined) return true;
  try {
    createSecureContext({ cert: cert.reveal(), key: key.reveal() });
    return true;
  } catch {
    return false;
  }
}

const basic = ({ user, password }: z.output<typeof credentials>): string => `Basic ${Buffer.from(`${user}:${password.reveal()}`).toString('base64')}`;

export const authorization = (config: Config): Record<string, string> =>
  config.basic ? { authorization: basic(config.basic) } : config.bearer instanceof Secret ? { authorization: `Bearer ${config.bearer.reveal()}` } : {};

/** The way as written; the client certificate is for the origin of `url` alone. */
export function dialingOf(config: DialConfig, url: URL | null): Dialing {
  const { client_certificate: cert, client_key: key } = config;
  return {
    http: config.http,
    family: config.ip_family ?? 0,
    resolve: config.resolve,
    proxy: config.proxy === undefined ? null : { url: config.proxy, authorization: config.proxy_auth ? basic(config.proxy_auth) : null },
    identity: cert && key && url ? { origin: url.origin, cert: cert.reveal(), key: key.reveal() } : null,
  };
}
