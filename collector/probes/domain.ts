import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { durationText } from '#lib/schema.ts';
import { type DurationMs, day, durationMs, formatDuration, iso, type UnixMs } from '#lib/time.ts';
import type { Answer } from './answer.ts';
import { type Lines, linesOf } from './exchange.ts';
import { follow } from './follow.ts';
import { caField, lineShape, lookHeaders, shownUrl, urlText, verifyField } from './http-shape.ts';
import { type Look, probeFields, probeShape, readyProbe, type Sight } from './probe.ts';
import { lethalOf, type Registration, readRegistration, retryAt, serverFor } from './rdap.ts';
import { failed } from './wire.ts';

const ianaList = 'https://data.iana.org/rdap/dns.json';
const nameText = z.string().transform((text, context): string => {
  const ascii = domainToASCII(text.replace(/\.$/, ''));
  if (/^(?=.{4,253}$)([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/.test(ascii)) return ascii;
  context.addIssue({ code: 'custom', message: `"${text}" is not a domain name`, params: { hint: 'the registered name alone, for example invoice.example' } });
  return z.NEVER;
});

const shape = {
  ...probeShape,
  interval: probeShape.interval.unwrap().default(durationMs(6 * 3_600_000)),
  timeout: probeShape.timeout.unwrap().default(durationMs(20_000)),
  domain: nameText,
  /** The registry's own RDAP server; IANA's list names it when left out. */
  server: urlText.optional(),
  bootstrap: urlText.default(new URL(ianaList)),
  /** Less left than this is a failure. */
  valid_for: durationText.default(durationMs(14 * day)),
  /** Less left than this counts as slow. */
  warn_below: durationText.default(durationMs(45 * day)),
  verify_certificate: lineShape.verify_certificate,
  ca: lineShape.ca,
  metadata_addresses: lineShape.metadata_addresses,
};
type Config = z.output<z.ZodObject<typeof shape>>;

/** How long a domain is still registered, and whether its registry has taken it out, by RDAP. */
export const domain = defineKind({
  kind: 'domain',
  label: { 'zh-CN': '域名到期', en: 'Domain expiry' },
  fields: [
    ...probeFields,
    {
      id: 'domain',
      label: { 'zh-CN': '域名', en: 'Domain' },
      input: 'text',
      required: true,
      help: { 'zh-CN': '注册的域名本身，例如 invoice.example', en: 'The registered name, for example invoice.example' },
    },
    { id: 'valid_for', label: { 'zh-CN': '少于多久算失败', en: 'Failure below' }, input: 'duration', required: false, help: { 'zh-CN': '默认 14d', en: '14d by default' } },
    { id: 'warn_below', label: { 'zh-CN': '少于多久提醒', en: 'Warning below' }, input: 'duration', required: false, help: { 'zh-CN': '默认 45d，记为慢', en: '45d by default, counts as slow' } },
    {
      id: 'server',
      label: { 'zh-CN': 'RDAP 服务器', en: 'RDAP server' },
      input: 'url',
      required: false,
      help: { 'zh-CN': '默认查 IANA 的名单；.cn 不在其中', en: "By IANA's list by default; .cn is not on it" },
    },
    { id: 'bootstrap', label: { 'zh-CN': 'RDAP 名单', en: 'RDAP bootstrap list' }, input: 'url', required: false, help: { 'zh-CN': `默认 ${ianaList}`, en: `${ianaList} by default` } },
    verifyField,
    caField,
  ],
  shape,
  agree: ({ valid_for, warn_below }) =>
    warn_below >= valid_for ? [] : [{ path: ['warn_below'], message: 'is shorter than valid_for, so it would never warn', hint: 'for example valid_for: 14d, warn_below: 45d' }],
  // How long the registry takes to answer is not the domain's slowness.
  make: (config) => readyProbe({ ...config, slow_after: config.slow_after ?? durationMs(config.timeout - 1) }, { kind: 'domain', target: config.domain, check: (look) => check(config, look) }),
});

const unknown = (reason: string, evidence: Sight['evidence'] = {}): Sight => ({ outcome: { kind: 'unknown', reason: reason.slice(0, 300) }, phases: {}, evidence });

/** Servers that asked to be left alone, and until when: by origin, for all probes. */
const quietUntil = new Map<string, UnixMs>();

async function check(config: Config, look: Look): Promise<Sight> {
  const lines = linesOf(look, config);
  try {
    const server = config.server ?? (await serverOf(config, { look, lines }));
    if (typeof server === 'string') return unknown(server);
    const quiet = quietUntil.get(server.origin);
    if (quiet !== undefined && look.clock.now() < quiet) return unknown(`${server.host} asked to be left alone until ${iso(quiet)}`, { server: server.host });
    return await ask(config, { look, lines, server });
  } finally {
    lines.close();
  }
}

interface Asking {
  look: Look;
  lines: Lines;
}

async function get(url: URL, { look, lines }: Asking) {
  const headers = { ...lookHeaders(look), accept: 'application/rdap+json, application/json' };
  return follow({ method: 'GET', url, headers, body: null, maxBodyBytes: 2_000_000 }, { lines, clock: look.clock, signal: look.signal, redirects: 5 });
}

async function ask(config: Config, { look, lines, server }: Asking & { server: URL }): Promise<Sight> {
  const base = server.href.endsWith('/') ? server : new URL(`${server.href}/`);
  const { last, phases, url } = await get(new URL(`domain/${config.domain}`, base), { look, lines });
  const evidence = { server: url.host, url: shownUrl(url) };
  // The registry's trouble is not the domain's.
  if (!last.ok) return { ...unknown(`${url.host}: ${last.outcome.kind === 'fail' ? last.outcome.failure.reason : last.outcome.reason}`, evidence), phases };
  const { answer } = last;
  const now = look.clock.now();
  if (answer.status === 404) return { outcome: failed('missing', `${config.domain}: ${url.host} knows no such domain`), phases, evidence: { ...evidence, status: 404 } };
  if (answer.status === 429 || (answer.status === 503 && answer.headers['retry-after'] !== undefined)) {
    const until = retryAt(answer.headers['retry-after'], now);
    for (const origin of [server.origin, url.origin]) quietUntil.set(origin, until);
    return { ...unknown(`${url.host}: ${answer.status}, asks to be left alone until ${iso(until)}`, { ...evidence, status: answer.status }), phases };
  }
  const registration = answer.status === 200 ? readRegistration(answer.json()) : null;
  if (!registration) return { ...unknown(`${url.host}: ${answer.status}${answer.status === 200 ? ', and no RDAP answer about a domain' : ''}`, { ...evidence, status: answer.status }), phases };
  return { ...judged(config, registration, now), phases, evidence: { ...evidence, ...told(registration, now) } };
}

const daysLeft = (until: UnixMs, now: UnixMs): number => Math.floor((until - now) / day);

function told({ expiresAt, registeredAt, changedAt, statuses, registrar, nameservers }: Registration, now: UnixMs): Record<string, unknown> {
  return {
    ...(expiresAt === null ? {} : { expiresAt: iso(expiresAt), daysLeft: daysLeft(expiresAt, now) }),
    ...(registeredAt === null ? {} : { registeredAt: iso(registeredAt) }),
    ...(changedAt === null ? {} : { changedAt: iso(changedAt) }),
    ...(registrar === null ? {} : { registrar }),
    statuses,
    nameservers,
  };
}

function judged({ domain: name, valid_for, warn_below }: Config, { expiresAt, statuses }: Registration, now: UnixMs): Pick<Sight, 'outcome'> {
  const [lethal] = lethalOf(statuses);
  if (lethal !== undefined) return { outcome: failed('domain', `${name}: ${lethal}`) };
  if (expiresAt === null) return { outcome: { kind: 'unknown', reason: `${name}: the registry tells no expiry` } };
  const left = durationMs(expiresAt - now);
  if (left <= 0) return { outcome: failed('domain', `${name} expired ${spanText(durationMs(-left))} ago`) };
  if (left < valid_for) return { outcome: failed('domain', `${name} ${spanText(left)} < ${formatDuration(valid_for)}`) };
  return { outcome: left < warn_below ? { kind: 'slow', reason: `${name} ${spanText(left)} < ${formatDuration(warn_below)}` } : { kind: 'pass' } };
}

/** Days are what people count here. */
const spanText = (span: DurationMs): string => formatDuration(span >= day ? durationMs(Math.floor(span / day) * day) : durationMs(Math.round(span / 1_000) * 1_000));

/** IANA's list changes a few times a month; a day old one is as good, and an older one better than none. */
const lists = new Map<string, { at: UnixMs; list: unknown }>();
const listHoldsMs = day;

/** The server of this domain's registry, or why there is none. */
async function serverOf({ bootstrap, domain: name }: Config, asking: Asking): Promise<URL | string> {
  const { look } = asking;
  const known = lists.get(bootstrap.href);
  let list = known?.list;
  if (!known || look.clock.now() - known.at >= listHoldsMs) {
    const { last } = await get(bootstrap, asking);
    const fetched = last.ok ? listIn(last.answer) : null;
    if (fetched !== null) lists.set(bootstrap.href, { at: look.clock.now(), list: fetched });
    else if (!known) return `${bootstrap.host}: ${last.ok ? `${last.answer.status}, and no list of RDAP servers` : last.outcome.kind === 'fail' ? last.outcome.failure.reason : last.outcome.reason}`;
    list = fetched ?? list;
  }
  const server = serverFor(list, name);
  return server === null ? `no RDAP server is known for .${name.split('.').at(-1)}; write one under server` : new URL(server);
}

function listIn(answer: Answer): unknown {
  const list = answer.status === 200 ? answer.json() : undefined;
  return typeof list === 'object' && list !== null && 'services' in list && Array.isArray(list.services) ? list : null;
}
