import { createHash } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { html, raw } from 'hono/html';
import type { Alert } from '#alerts/alert.ts';
import type { Bilingual } from '#lib/text.ts';
import type { Routes } from './routes.ts';
import { clockText } from './words.ts';

/** The page behind the link in an alert message: GET shows, POST acknowledges, so that a mail scanner that follows links takes nothing. No script. */

const style = `
:root { color-scheme: light dark; --ink: #1b1b1a; --dim: #5f5e5a; --paper: #fdfdfb; --line: #dddcd6; --down: #b3261e; --ok: #1c7c4d; }
@media (prefers-color-scheme: dark) { :root { --ink: #ecebe6; --dim: #a3a29b; --paper: #161615; --line: #3a3935; --down: #ff8a80; --ok: #7bd3a6; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; }
main { max-width: 34em; margin: 0 auto; padding: 32px 20px; }
.site { color: var(--dim); font-size: 14px; }
h1 { font-size: 21px; line-height: 1.35; margin: 8px 0 4px; }
h1 + p, .en { color: var(--dim); margin: 0 0 12px; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 6px 16px; border: solid var(--line); border-width: 1px 0; padding: 14px 0; margin: 20px 0; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
button { font: inherit; font-weight: 600; width: 100%; min-height: 48px; border: 0; border-radius: 6px; background: var(--ink); color: var(--paper); cursor: pointer; }
button:focus-visible { outline: 3px solid #2f6fb3; outline-offset: 2px; }
.state { font-weight: 600; } .down { color: var(--down); } .ok { color: var(--ok); }
`;
/** Only this style and a form to ourselves: nothing else on the page may run or load. */
const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`;

type Content = ReturnType<typeof html>;

function page(c: Context, status: 200 | 403 | 404 | 409 | 422, { site, title, content }: { site: Bilingual; title: Bilingual; content: Content }) {
  c.header('content-security-policy', policy);
  c.header('cache-control', 'no-store');
  c.header('x-robots-tag', 'noindex');
  return c.html(
    html`<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title['zh-CN']} · ${site['zh-CN']}</title><style>${raw(style)}</style></head><body><main><div class="site">${site['zh-CN']} · ${site.en}</div>${content}</main></body></html>`,
    status,
  );
}

const heading = ({ 'zh-CN': zh, en }: Bilingual): Content => html`<h1>${zh}</h1><p lang="en">${en}</p>`;

function facts(alert: Alert, { zone, now }: { zone: string; now: Parameters<typeof clockText>[1]['now'] }): Content {
  const since = clockText(alert.activeAt, { now, zone, language: 'zh-CN' });
  const labels = Object.entries(alert.labels)
    .filter(([name]) => name !== 'alertname')
    .map(([name, value]) => `${name}=${value}`)
    .join('  ');
  return html`<dl><dt>告警 Alert</dt><dd>${alert.title['zh-CN']}<br><span lang="en">${alert.title.en}</span></dd><dt>原因 Why</dt><dd>${alert.why['zh-CN']}<br><span lang="en">${alert.why.en}</span></dd><dt>开始 Since</dt><dd>${since}</dd><dt>标签 Labels</dt><dd>${labels}</dd></dl>`;
}

const statuses = { 'not-found': 404, conflict: 409, forbidden: 403, invalid: 422 } as const;

export function acknowledgementRoutes({ ports, clock }: Pick<Routes, 'ports' | 'clock'>) {
  const refused = (c: Context, { code, message }: { code: keyof typeof statuses; message: Bilingual }) => {
    const title = { 'zh-CN': '这个链接不能用了', en: 'This link cannot be used' };
    return page(c, statuses[code], { site: ports.site().name, title, content: html`${heading(title)}<p>${message['zh-CN']}</p><p class="en" lang="en">${message.en}</p>` });
  };
  return new Hono()
    .get('/ack/:token', async (c) => {
      const now = clock.now();
      const found = await ports.alerts.peekLink({ token: c.req.param('token'), now });
      if (!found.ok) return refused(c, found);
      const { alert } = found.value;
      const site = ports.site();
      const taken = alert.acknowledgement;
      const title = taken ? { 'zh-CN': `${taken.by} 已确认`, en: `Acknowledged by ${taken.by}` } : { 'zh-CN': '确认这条告警？', en: 'Acknowledge this alert?' };
      const button = taken || alert.state === 'resolved' ? html`` : html`<form method="post"><button type="submit">确认，由我处理 · Acknowledge</button></form>`;
      const over = alert.state === 'resolved' ? html`<p class="state ok">告警已恢复 · resolved</p>` : html``;
      return page(c, 200, { site: site.name, title, content: html`${heading(title)}${over}${facts(alert, { zone: site.zone, now })}${button}` });
    })
    .post('/ack/:token', async (c) => {
      const now = clock.now();
      const result = await ports.alerts.acknowledgeByLink({ token: c.req.param('token'), now });
      if (!result.ok) return refused(c, result);
      const site = ports.site();
      const title = { 'zh-CN': '已确认', en: 'Acknowledged' };
      return page(c, 200, {
        site: site.name,
        title,
        content: html`${heading(title)}<p class="state ok">${result.value.alert.acknowledgement?.by ?? result.value.receiver}</p>${facts(result.value.alert, { zone: site.zone, now })}`,
      });
    });
}
