import { z } from 'zod';
import { maskText } from '#collector/mask.ts';
import type { Field } from '#lib/kinds.ts';
import { Secret } from '#lib/secret.ts';
import type { Look } from './probe.ts';

/** The configuration keys HTTP-speaking kinds share. */

export const urlText = z.string().transform((text, context): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  context.addIssue({ code: 'custom', message: `"${text}" is not an http or https address`, params: { hint: 'for example https://www.example/path' } });
  return z.NEVER;
});

export const methodText = z.string().regex(/^(?!CONNECT$)[A-Z]{3,20}$/, 'a method is written in capitals, for example GET; CONNECT is for proxies');

/** Values may be secrets; they are revealed only when the request is written. */
export const headerMap = z.record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'not a header name'), z.union([z.string().regex(/^[^\r\n]*$/, 'a header value has one line'), z.instanceof(Secret)]));

/** Header values as they go over the wire. */
export const wireHeaders = (headers: z.output<typeof headerMap>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]));

export const lineShape = {
  verify_certificate: z.boolean().default(true),
  /** More trusted authorities, PEM; one taken from a file comes as a secret. */
  ca: z.union([z.string(), z.instanceof(Secret).transform((file) => file.reveal())]).optional(),
  metadata_addresses: z.enum(['refuse', 'allow']).default('refuse'),
  /** Bytes of an answer that are read at most. */
  max_body: z.number().int().min(1_000).max(50_000_000).default(1_000_000),
};

export const headersField: Field = {
  id: 'headers',
  label: { 'zh-CN': '请求头', en: 'Headers' },
  input: 'map',
  required: false,
};
export const maxBodyField: Field = {
  id: 'max_body',
  label: { 'zh-CN': '最多读取字节', en: 'Bytes read at most' },
  input: 'number',
  required: false,
};
export const caField: Field = {
  id: 'ca',
  label: { 'zh-CN': '另外信任的 CA', en: 'More trusted authorities' },
  input: 'long',
  required: false,
  help: { 'zh-CN': 'PEM 文本', en: 'PEM text' },
};
export const verifyField: Field = { id: 'verify_certificate', label: { 'zh-CN': '校验证书', en: 'Verify the certificate' }, input: 'switch', required: false };

/** The inputs of `lineShape`, but for what only the file may say. */
export const lineFields: readonly Field[] = [verifyField, caField, maxBodyField];

/** Credentials written into an address go into a header, as browsers do; null when there are none. */
export function basicCredentials(url: URL): string | null {
  if (url.username === '' && url.password === '') return null;
  return `Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString('base64')}`;
}

/** An address as people may see it: without credentials, tokens and full numbers. */
export function shownUrl(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return maskText(shown.href).text;
}

/** Probes say who they are, so that operators can tell them from users in their own logs. */
export const lookHeaders = (look: Look): Record<string, string> => ({ 'user-agent': `fenghuo-probe/0.1 (${look.vantage.id})` });
