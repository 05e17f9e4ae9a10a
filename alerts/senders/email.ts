import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { createTransport } from 'nodemailer';
import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { languageText, secretText } from '#lib/schema.ts';
import { durationMs } from '#lib/time.ts';
import { writeMail } from './mail.ts';
import type { Sender, SenderContext, SenderPlan, SenderWorld, SendResult } from './sender.ts';

const emailShape = {
  to: z.string().regex(/^[^@\s]+@[^@\s]+$|,|</, 'must be a mail address'),
  // Alertmanager leaves this off for mail; a person who was woken wants to know that it is over.
  send_resolved: z.boolean().prefault(true),
  from: z.string().optional(),
  smarthost: z.string().optional(),
  hello: z.string().optional(),
  auth_username: z.string().optional(),
  auth_password: secretText.optional(),
  auth_password_file: z.string().optional(),
  auth_identity: z.string().optional(),
  auth_secret: secretText.optional(),
  require_tls: z.boolean().optional(),
  tls_config: z.looseObject({ insecure_skip_verify: z.boolean().optional() }).optional(),
  headers: z.record(z.string(), z.string()).prefault({}),
  html: z.string().optional(),
  text: z.string().optional(),
  language: languageText.optional(),
};
type EmailConfig = z.output<z.ZodObject<typeof emailShape>>;

/** Mail over SMTP: Alertmanager's keys; templates are ours, so `html` and `text` are accepted and not used. */
export const email = defineKind({
  kind: 'email',
  label: { 'zh-CN': '邮件', en: 'Email' },
  fields: [
    { id: 'to', label: { 'zh-CN': '收件人', en: 'To' }, input: 'text', required: true },
    {
      id: 'language',
      label: { 'zh-CN': '语言', en: 'Language' },
      input: 'select',
      required: false,
      options: [
        { value: 'zh-CN', label: { 'zh-CN': '中文', en: 'Chinese' } },
        { value: 'en', label: { 'zh-CN': '英文', en: 'English' } },
      ],
    },
    { id: 'send_resolved', label: { 'zh-CN': '恢复时也通知', en: 'Also tell when resolved' }, input: 'switch', required: false },
  ],
  shape: emailShape,
  make(config, context: SenderContext): SenderPlan {
    return { kind: 'email', real: true, sendResolved: config.send_resolved, perMinute: 30, to: config.to, open: (world) => openEmail(config, context, world) };
  },
});

function openEmail(config: EmailConfig, context: SenderContext, world: SenderWorld): Sender {
  const server = serverOf(config, context, world);
  if (!server) return { send: async () => ({ outcome: 'rejected', reason: 'no SMTP server is configured: set smtp.url or smtp_smarthost' }), close: async () => {} };
  const from = config.from ?? context.from ?? world.smtp?.from ?? `alerts@${server.host}`;
  const domain = /@([\w.-]+)/.exec(from)?.[1] ?? 'fenghuo.invalid';
  const language = config.language ?? world.language;
  const transport = createTransport({
    ...server,
    pool: true,
    maxConnections: 4,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
    ...(config.hello ? { name: config.hello } : {}),
  });
  // Header values with template marks belong to Alertmanager's templates, which are not read here.
  const headers = Object.fromEntries(Object.entries(config.headers).filter(([name, value]) => !value.includes('{{') && !/^(subject|from|to|message-id|references|in-reply-to)$/i.test(name)));
  return {
    async send(notification) {
      const mail = writeMail(notification, world, { language, domain, by: config.to });
      const thread = mail.inReplyTo ? { inReplyTo: mail.inReplyTo, references: [mail.inReplyTo] } : {};
      try {
        const sent = await transport.sendMail({
          from,
          to: config.to,
          subject: mail.subject,
          text: mail.text,
          html: mail.html,
          messageId: mail.messageId,
          date: new Date(notification.at),
          ...thread,
          headers: { ...headers, 'Auto-Submitted': 'auto-generated', 'X-Fenghuo-Thread': notification.thread, 'X-Fenghuo-Reason': notification.reason },
        });
        return { outcome: 'delivered', detail: sent.response };
      } catch (error) {
        return refusal(error);
      }
    },
    async close() {
      transport.close();
    },
  };
}

interface Server {
  host: string;
  port: number;
  secure: boolean;
  requireTLS: boolean;
  tls: { rejectUnauthorized: boolean };
  auth?: { user: string; pass: string };
}

/** The receiver's own server, else the file's, else ours. */
function serverOf(config: EmailConfig, context: SenderContext, world: SenderWorld): Server | null {
  const smarthost = config.smarthost ?? context.smarthost;
  if (smarthost) {
    const [, host = '', port = '25'] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(smarthost) ?? [];
    const user = config.auth_username ?? context.username;
    const password = config.auth_password?.reveal() ?? (config.auth_password_file ? readFileSync(config.auth_password_file, 'utf8').trim() : context.password?.reveal());
    const verify = !(config.tls_config?.insecure_skip_verify ?? false);
    return {
      host,
      port: Number(port),
      secure: port === '465',
      requireTLS: config.require_tls ?? context.requireTls,
      tls: { rejectUnauthorized: verify },
      ...(user ? { auth: { user, pass: password ?? '' } } : {}),
    };
  }
  if (!world.smtp) return null;
  const url = new URL(world.smtp.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const secure = url.protocol === 'smtps:';
  // A mail server on this machine answers with a certificate nobody signed; nothing leaves the machine.
  const loopback = host === 'localhost' || (isIP(host) === 4 && host.startsWith('127.')) || host === '::1';
  const auth = url.username ? { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } } : {};
  return { host, port: Number(url.port) || (secure ? 465 : 25), secure, requireTLS: url.searchParams.get('tls') === 'required', tls: { rejectUnauthorized: !loopback }, ...auth };
}

/** 5xx about this mail is final; anything about the connection, the server or the sign-in may be better later. */
function refusal(error: unknown): SendResult {
  const { responseCode, code, message } = error as { responseCode?: number; code?: string; message?: string };
  const reason = [code, message].filter(Boolean).join(': ').slice(0, 300) || 'unknown SMTP error';
  const final = responseCode !== undefined && responseCode >= 500 && code !== 'EAUTH' && responseCode !== 535 && responseCode !== 530;
  return final ? { outcome: 'rejected', reason } : { outcome: 'retry', reason, afterMs: responseCode === undefined ? null : durationMs(5_000) };
}
