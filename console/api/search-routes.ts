import { Hono } from 'hono';
import { z } from 'zod';
import type { Bilingual } from '#lib/text.ts';
import { answer } from './answers.ts';
import { requireRole, type SignedIn } from './auth.ts';
import { boards } from './boards.ts';
import { input } from './inputs.ts';
import { probeName } from './names.ts';
import { about, type Routes } from './routes.ts';
import type { SearchHit } from './views.ts';
import { both } from './words.ts';

const pages: SearchHit[] = (
  [
    ['/', '总览', 'Overview'],
    ['/probes', '探测', 'Probes'],
    ['/logs', '日志', 'Logs'],
    ['/alerts', '告警', 'Alerts'],
    ['/incidents', '事件', 'Incidents'],
    ['/runbooks', '预案', 'Runbooks'],
    ['/notices', '公告', 'Notices'],
    ['/settings', '设置', 'Settings'],
  ] as const
).map(([link, zh, en]) => ({ kind: 'page', label: { 'zh-CN': zh, en }, link }));

const boardPages: SearchHit[] = boards.map((board) => ({ kind: 'page', label: { 'zh-CN': `仪表盘 · ${board.title['zh-CN']}`, en: `Dashboard · ${board.title.en}` }, link: `/dashboards/${board.id}` }));

const holds = (words: readonly string[], ...texts: readonly string[]): boolean => {
  const text = texts.join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
};
const said = (label: Bilingual): string[] => [label['zh-CN'], label.en];

/** What the palette finds: pages, probes, alerts, incidents, runbooks, notices whose names hold every word. */
export function searchRoutes(routes: Routes) {
  return new Hono<SignedIn>().get(
    '/search',
    about('search', 'Find a page or a thing by its name'),
    requireRole('viewer'),
    input('query', z.object({ q: z.string().max(200).default('') })),
    async (c) => {
      const words = c.req
        .valid('query')
        .q.toLowerCase()
        .split(/\s+/)
        .filter((word) => word !== '');
      const hits = await routes.once('search', () => everything(routes));
      return answer<{ hits: SearchHit[] }>(c, { hits: hits.filter((hit) => holds(words, ...said(hit.label), hit.link)).slice(0, 30) });
    },
  );
}

/** Its name, and its id where that is another word. */
const searchName = (name: Bilingual, id: string): Bilingual => both((language) => (name[language] === id ? id : `${name[language]} · ${id}`));

async function everything({ ports, clock }: Routes): Promise<SearchHit[]> {
  const [entries, incidents, runbooks, notices] = await Promise.all([
    ports.alerts.entries({ state: 'active', now: clock.now() }),
    ports.incidents.list({ state: 'all' }),
    ports.runbooks.list(),
    ports.notices.list(),
  ]);
  const catalogue = ports.catalogue();
  const name = probeName(catalogue);
  return [
    ...pages,
    ...boardPages,
    ...entries.map((entry): SearchHit => ({ kind: 'alert', label: entry.alert.title, link: `/alerts/${entry.alert.fingerprint}` })),
    ...incidents.map(
      (incident): SearchHit => ({
        kind: 'incident',
        label: { 'zh-CN': `${incident.number} ${incident.title['zh-CN']}`, en: `${incident.number} ${incident.title.en}` },
        link: `/incidents/${incident.id}`,
      }),
    ),
    ...runbooks.map((runbook): SearchHit => ({ kind: 'runbook', label: runbook.title, link: `/runbooks/${runbook.id}` })),
    ...notices.map((notice): SearchHit => ({ kind: 'notice', label: notice.title, link: `/notices/${notice.id}` })),
    ...catalogue.probes.map((probe): SearchHit => ({ kind: 'probe', label: searchName(name(probe.id), probe.id), link: `/probes/${encodeURIComponent(probe.id)}` })),
  ];
}
