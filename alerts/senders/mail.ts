import { createHash } from 'node:crypto';
import type { Language } from '#lib/text.ts';
import { after, day } from '#lib/time.ts';
import type { Alert } from '../alert.ts';
import { headline, localTime, reasonLine, severityWord, subject, word } from '../message-text.ts';
import { type Notification, notificationId } from '../notification.ts';
import type { SenderWorld } from './sender.ts';

export interface Mail {
  subject: string;
  text: string;
  html: string;
  messageId: string;
  /** Of the thread's first mail; null for that mail itself. */
  inReplyTo: string | null;
}

/** At most this many alerts are written out; the rest are counted. */
const written = 20;

/** A notification as a mail. The same notification always gives the same Message-ID, so that a second attempt is the same mail. */
export function writeMail(notification: Notification, world: SenderWorld, about: { language: Language; domain: string; by: string }): Mail {
  const { language, domain } = about;
  const first = notificationId({ thread: notification.thread, integration: notification.integration, reason: 'first', sequence: 1 });
  const messageId = messageIdOf(notification.id, domain);
  const blocks = notification.alerts.slice(0, written).map((alert) => alertBlock(alert, world, language));
  const left = notification.alerts.length - blocks.length;
  const title = subject(notification, world, language);
  const links = mailLinks(notification, world, about);
  return {
    subject: title,
    text: [
      title,
      notification.reason === 'repeat' ? word('again', language) : '',
      ...blocks.map(blockText),
      leftOut(left, language),
      ...links.map(({ label, href }) => `${label}${language === 'zh-CN' ? '：' : ': '}${href}`),
    ]
      .filter((part) => part !== '')
      .join('\n\n'),
    html: page({ title, language, note: notification.reason === 'repeat' ? word('again', language) : '', blocks, left: leftOut(left, language), links, firing: notification.status === 'firing' }),
    messageId,
    inReplyTo: notification.id === first ? null : messageIdOf(first, domain),
  };
}

export function messageIdOf(id: string, domain: string): string {
  return `<${createHash('sha256').update(id).digest('hex').slice(0, 40)}@${domain}>`;
}

interface Block {
  head: string;
  why: string;
  firing: boolean;
  rows: (readonly [string, string])[];
}

interface Link {
  label: string;
  href: string;
  strong: boolean;
}

function alertBlock(alert: Alert, world: SenderWorld, language: Language): Block {
  const { severity = '', alertname: _name, service: _service, ...rest } = alert.labels;
  const rows: [string, string][] = [[word('began', language), localTime(alert.state === 'pending' ? alert.activeAt : alert.firedAt, world.zone)]];
  if (alert.state === 'resolved') rows.push([word('ended', language), localTime(alert.resolvedAt, world.zone)]);
  if (severity) rows.push([word('severity', language), severityWord(severity, language)]);
  const labels = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
  if (labels.length > 0) rows.push([word('labels', language), labels.join(' ')]);
  return {
    head: `${word(alert.state === 'resolved' ? 'over' : 'firing', language)} · ${headline(alert, world, language)}`,
    why: reasonLine(alert, language),
    firing: alert.state !== 'resolved',
    rows,
  };
}

function mailLinks(notification: Notification, world: SenderWorld, about: { language: Language; by: string }): Link[] {
  const { language, by } = about;
  const [only] = notification.alerts;
  const links: Link[] = [{ label: word('open', language), href: world.links.console(notification.alerts.length === 1 && only ? `/alerts/${only.fingerprint}` : '/alerts'), strong: false }];
  const runbook = notification.alerts.find((alert) => alert.annotations.runbook)?.annotations.runbook;
  if (runbook) links.push({ label: word('runbook', language), href: world.links.console(`/runbooks/${encodeURIComponent(runbook)}`), strong: false });
  const firing = notification.alerts.filter((alert) => alert.state === 'firing');
  if (firing.length > 0)
    links.unshift({
      label: word('take', language),
      href: world.links.acknowledge({ episodes: firing.slice(0, written).map((alert) => alert.episode), by, expiresAt: after(notification.at, day) }),
      strong: true,
    });
  return links;
}

function blockText({ head, why, rows }: Block): string {
  return [head, why, ...rows.map(([name, value]) => `  ${name}  ${value}`)].join('\n');
}

function leftOut(left: number, language: Language): string {
  if (left <= 0) return '';
  return language === 'zh-CN' ? `另有 ${left} 条未列出。` : `${left} more are not listed.`;
}

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

function page(parts: { title: string; language: Language; note: string; blocks: readonly Block[]; left: string; links: readonly Link[]; firing: boolean }): string {
  const { title, language, note, blocks, left, links, firing } = parts;
  const font = "font-family:'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',system-ui,sans-serif";
  const paragraph = (text: string) => (text ? `<p style="margin:0 0 12px;color:#555">${escapeHtml(text)}</p>` : '');
  const buttons = links
    .map(
      ({ label, href, strong }) =>
        `<a href="${escapeHtml(href)}" style="display:inline-block;margin:0 12px 8px 0;${strong ? 'padding:8px 16px;border-radius:6px;background:#1f4fd8;color:#fff;text-decoration:none' : 'padding:8px 0;color:#1f4fd8'}">${escapeHtml(label)}</a>`,
    )
    .join('');
  return `<!doctype html><html lang="${language}"><body style="margin:0;padding:24px;background:#f5f5f2;${font};font-size:15px;line-height:1.6;color:#1a1a1a"><div style="max-width:640px;margin:0 auto;background:#fff;border-radius:8px;padding:24px;border-top:4px solid ${firing ? '#c92a2a' : '#2b8a3e'}"><h1 style="font-size:18px;margin:0 0 12px">${escapeHtml(title)}</h1>${paragraph(note)}${blocks.map(blockHtml).join('')}${paragraph(left)}<div style="margin-top:16px">${buttons}</div></div></body></html>`;
}

function blockHtml({ head, why, firing, rows }: Block): string {
  const lines = rows
    .map(([name, value]) => `<tr><td style="padding:2px 16px 2px 0;color:#777;white-space:nowrap;vertical-align:top">${escapeHtml(name)}</td><td style="padding:2px 0">${escapeHtml(value)}</td></tr>`)
    .join('');
  return `<div style="margin:0 0 16px;padding-left:12px;border-left:3px solid ${firing ? '#c92a2a' : '#2b8a3e'}"><div style="font-weight:600">${escapeHtml(head)}</div><div>${escapeHtml(why)}</div><table style="border-collapse:collapse;font-size:13px;margin-top:4px">${lines}</table></div>`;
}
