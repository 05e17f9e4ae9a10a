import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { iso, unixMs } from '#lib/time.ts';
import type { Answer } from './answer.ts';
import { assertionSchema, firstMiss, withStatus } from './assertion.ts';
import { assertField } from './assertion-fields.ts';
import { excerpt } from './excerpt.ts';
import { linesOf, type Request } from './exchange.ts';
import { follow } from './follow.ts';
import { authorization, dialingOf, httpDisagreements, httpOptionFields, httpOptions } from './http-options.ts';
import { headerMap, headersField, lineFields, lineShape, lookHeaders, methodText, shownUrl, urlText, wireHeaders } from './http-shape.ts';
import { type Look, probeFields, probeShape, readyProbe, type Sight } from './probe.ts';

const shape = {
  ...probeShape,
  ...lineShape,
  ...httpOptions,
  url: urlText,
  method: methodText.default('GET'),
  headers: headerMap.default({}),
  body: z.string().max(1_000_000).optional(),
  redirects: z.number().int().min(0).max(10).default(5),
  assert: z.array(assertionSchema).default([]),
};
type Config = z.output<z.ZodObject<typeof shape>>;

/** One request as a real user would make it: a new connection, the whole answer, redirects followed, then the assertions. */
export const http = defineKind({
  kind: 'http',
  label: { 'zh-CN': 'HTTP 请求', en: 'HTTP request' },
  fields: [
    ...probeFields,
    { id: 'url', label: { 'zh-CN': '地址', en: 'Address' }, input: 'url', required: true },
    {
      id: 'method',
      label: { 'zh-CN': '方法', en: 'Method' },
      input: 'select',
      required: false,
      options: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((value) => ({ value, label: { 'zh-CN': value, en: value } })),
    },
    headersField,
    { id: 'body', label: { 'zh-CN': '请求体', en: 'Body' }, input: 'long', required: false },
    assertField,
    { id: 'redirects', label: { 'zh-CN': '最多跟随跳转', en: 'Redirects followed' }, input: 'number', required: false },
    ...httpOptionFields,
    ...lineFields,
  ],
  shape,
  agree: httpDisagreements,
  make: (config) => readyProbe(config, { kind: 'http', target: shownUrl(config.url), check: (look) => check(config, look) }),
});

async function check(config: Config, look: Look): Promise<Sight> {
  const lines = linesOf(look, config, dialingOf(config, config.url));
  try {
    const request: Request = {
      method: config.method,
      url: config.url,
      headers: { ...lookHeaders(look), ...authorization(config), ...wireHeaders(config.headers) },
      body: config.body ?? null,
      maxBodyBytes: config.max_body,
    };
    const { last, phases, url, hops } = await follow(request, { lines, clock: look.clock, signal: look.signal, redirects: config.redirects });
    const seen = { url: shownUrl(url), ...(hops > 0 ? { redirects: hops } : {}), ...(last.address === null ? {} : { address: last.address }) };
    if (!last.ok) return { outcome: last.outcome, phases, evidence: seen };
    const miss = firstMiss(withStatus(config.assert), last.answer);
    const until = last.answer.certificateLeftMs === null ? {} : { certificateUntil: iso(unixMs(last.answer.at + last.answer.certificateLeftMs)) };
    if (miss === null) return { outcome: { kind: 'pass' }, phases, evidence: { ...seen, status: last.answer.status, ...until } };
    const { kind, reason, expected, got, evidence = {} } = miss;
    return { outcome: { kind: 'fail', failure: { kind, reason } }, phases, evidence: { ...seen, ...answerEvidence(last.answer), ...until, expected, got, ...evidence } };
  } finally {
    lines.close();
  }
}

/** The parts of an answer worth keeping when something is wrong with it. */
export function answerEvidence(answer: Answer): Record<string, unknown> {
  const kept = ['content-type', 'content-length', 'date', 'server', 'location', 'retry-after', 'x-request-id'].flatMap((name) =>
    answer.headers[name] === undefined ? [] : [[name, answer.headers[name]]],
  );
  return { status: answer.status, headers: Object.fromEntries(kept), body: excerpt(answer.body) };
}
