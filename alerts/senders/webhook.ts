import { lookup as resolveName } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { Agent, request } from 'undici';
import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { durationText, secretText } from '#lib/schema.ts';
import { type DurationMs, durationMs, type UnixMs } from '#lib/time.ts';
import type { Sender, SenderContext, SenderPlan, SenderWorld, SendResult } from './sender.ts';
import { webhookPayload } from './webhook-payload.ts';

const webhookShape = {
  url: z.union([secretText.transform((secret) => secret.reveal()), z.string()]).refine((url) => URL.canParse(url) && /^https?:/.test(url), { message: 'must be an http:// or https:// address' }),
  send_resolved: z.boolean().prefault(true),
  max_alerts: z.int().min(0).prefault(0),
  timeout: durationText.prefault('10s'),
  secret: secretText
    .refine((secret) => signer(secret.reveal()) !== undefined, { message: 'must be base64, for example whsec_…', params: { hint: 'make one with: openssl rand -base64 24' } })
    .optional(),
  http_config: z
    .strictObject({
      authorization: z.strictObject({ type: z.string().prefault('Bearer'), credentials: secretText }).optional(),
      basic_auth: z.strictObject({ username: z.string(), password: secretText }).optional(),
      bearer_token: secretText.optional(),
      follow_redirects: z.boolean().optional(),
      enable_http2: z.boolean().optional(),
      tls_config: z.looseObject({ insecure_skip_verify: z.boolean().optional() }).optional(),
    })
    .prefault({}),
};
type WebhookConfig = z.output<z.ZodObject<typeof webhookShape>>;

/** An HTTP POST of Alertmanager's payload version 4, signed by Standard Webhooks when a secret is set. */
export const webhook = defineKind({
  kind: 'webhook',
  label: { 'zh-CN': '网络回调', en: 'Webhook' },
  fields: [
    { id: 'url', label: { 'zh-CN': '地址', en: 'Address' }, input: 'url', required: true },
    { id: 'secret', label: { 'zh-CN': '签名密钥', en: 'Signing secret' }, input: 'secret', required: false },
    { id: 'send_resolved', label: { 'zh-CN': '恢复时也通知', en: 'Also tell when resolved' }, input: 'switch', required: false },
  ],
  shape: webhookShape,
  make(config, _context: SenderContext): SenderPlan {
    const { host } = new URL(config.url);
    return { kind: 'webhook', real: true, sendResolved: config.send_resolved, perMinute: null, to: host, open: (world) => openWebhook(config, world) };
  },
});

function openWebhook(config: WebhookConfig, world: SenderWorld): Sender {
  const agent = new Agent({ connect: { lookup: guardedLookup(world.privateAddresses), rejectUnauthorized: !config.http_config.tls_config?.insecure_skip_verify }, connections: 4 });
  const signing = config.secret ? signer(config.secret.reveal()) : undefined;
  return {
    async send(notification, signal) {
      const address = new URL(config.url).hostname.replace(/^\[|\]$/g, '');
      if (isIP(address) && isRefused(address, world.privateAddresses)) return { outcome: 'rejected', reason: `calls to ${address} are refused by alerting.private_addresses` };
      const body = JSON.stringify(webhookPayload(notification, world.links, config.max_alerts));
      const now = world.clock.now();
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'fenghuo',
        'idempotency-key': notification.id,
        ...authorization(config),
        ...(signing ? standardHeaders(signing, { id: notification.id, now, body }) : {}),
      };
      try {
        const answer = await request(config.url, { method: 'POST', body, headers, dispatcher: agent, signal: AbortSignal.any([signal, AbortSignal.timeout(config.timeout)]) });
        const text = (await answer.body.text()).slice(0, 200);
        return judgeAnswer({ status: answer.statusCode, retryAfter: answer.headers['retry-after'], text }, now);
      } catch (error) {
        const reason = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error);
        return reason.includes('private_addresses') ? { outcome: 'rejected', reason } : { outcome: 'retry', reason, afterMs: null };
      }
    },
    close: () => agent.close(),
  };
}

/** 2xx is delivered; 408, 425, 429 and 5xx may be better later and may say when; everything else is final. */
export function judgeAnswer(answer: { status: number; retryAfter: string | string[] | undefined; text: string }, now: UnixMs): SendResult {
  const { status, text } = answer;
  const reason = `HTTP ${status}${text ? `: ${text.replaceAll(/\s+/g, ' ').trim()}` : ''}`;
  if (status >= 200 && status < 300) return { outcome: 'delivered', detail: `HTTP ${status}` };
  if (status >= 500 || status === 408 || status === 425 || status === 429) return { outcome: 'retry', reason, afterMs: retryAfterMs(answer.retryAfter, now) };
  return { outcome: 'rejected', reason };
}

function retryAfterMs(header: string | string[] | undefined, now: UnixMs): DurationMs | null {
  const text = Array.isArray(header) ? header[0] : header;
  if (!text) return null;
  if (/^\d+$/.test(text)) return durationMs(Number(text) * 1_000);
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : durationMs(Math.max(0, at - now));
}

function signer(secret: string): Webhook | undefined {
  try {
    return new Webhook(secret);
  } catch {
    return undefined;
  }
}

function standardHeaders(signing: Webhook, { id, now, body }: { id: string; now: UnixMs; body: string }): Record<string, string> {
  return { 'webhook-id': id, 'webhook-timestamp': String(Math.floor(now / 1_000)), 'webhook-signature': signing.sign(id, new Date(now), body) };
}

function authorization(config: WebhookConfig): Record<string, string> {
  const { authorization: explicit, basic_auth: basic, bearer_token: bearer } = config.http_config;
  if (explicit) return { authorization: `${explicit.type} ${explicit.credentials.reveal()}` };
  if (basic) return { authorization: `Basic ${Buffer.from(`${basic.username}:${basic.password.reveal()}`).toString('base64')}` };
  return bearer ? { authorization: `Bearer ${bearer.reveal()}` } : {};
}

// Link-local addresses hand out a machine's credentials to whoever asks; no webhook is ever there.
const never = new BlockList();
never.addSubnet('169.254.0.0', 16, 'ipv4');
never.addSubnet('fe80::', 10, 'ipv6');
never.addAddress('fd00:ec2::254', 'ipv6');
never.addAddress('100.100.100.200', 'ipv4');
const inner = new BlockList();
for (const [network, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['0.0.0.0', 8],
] as const)
  inner.addSubnet(network, bits, 'ipv4');
inner.addSubnet('fc00::', 7, 'ipv6');
inner.addAddress('::1', 'ipv6');
inner.addAddress('::', 'ipv6');

/** Whether an address must not be called. Judged by the address that is really connected to, so a name cannot lead elsewhere. */
export function isRefused(address: string, privateAddresses: SenderWorld['privateAddresses']): boolean {
  const bare = address.split('%')[0] ?? '';
  const family = isIP(bare) === 6 ? 'ipv6' : 'ipv4';
  return isIP(bare) !== 0 && (never.check(bare, family) || (privateAddresses === 'refused' && inner.check(bare, family)));
}

function guardedLookup(privateAddresses: SenderWorld['privateAddresses']): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '', 4);
      const allowed = found.filter(({ address }) => !isRefused(address, privateAddresses));
      const [first] = allowed;
      if (!first) return callback(Object.assign(new Error(`${hostname} leads to an address refused by alerting.private_addresses`), { code: 'EREFUSED' }), '', 4);
      if (options.all) (callback as (error: null, addresses: typeof allowed) => void)(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
