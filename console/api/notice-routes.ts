import { Hono } from 'hono';
import { z } from 'zod';
import { answer, done, notFound } from './answers.ts';
import { requireRole, type SignedIn, sameOrigin } from './auth.ts';
import { noticeView } from './incident-rows.ts';
import { idText, input } from './inputs.ts';
import { noticeDraft } from './notice-input.ts';
import { componentStatuses } from './ports.ts';
import { about, actorOf, type Routes } from './routes.ts';
import type { NoticeView, RunbookRow, RunbookView } from './views.ts';

export function noticeRoutes({ ports, clock }: Routes) {
  return new Hono<SignedIn>()
    .get('/notices', about('notices', 'Notices to the public and the components they speak of'), requireRole('viewer'), async (c) => {
      const [notices, components] = await Promise.all([ports.notices.list(), ports.notices.components()]);
      return answer<{ notices: NoticeView[]; components: object[] }>(c, { notices: notices.map(noticeView), components: [...components] });
    })
    .get('/notices/:id', about('notices', 'One notice'), requireRole('viewer'), async (c) => {
      const found = (await ports.notices.list()).find((notice) => notice.id === c.req.param('id'));
      return found ? answer<{ notice: NoticeView }>(c, { notice: noticeView(found) }) : notFound(c);
    })
    .post('/notices', about('notices', 'Publish a notice'), sameOrigin(), requireRole('publisher'), input('json', z.strictObject({ draft: noticeDraft, incidentId: idText.nullish() })), async (c) => {
      const { draft, incidentId } = c.req.valid('json');
      return done(c, await ports.notices.publish({ draft, incidentId: incidentId ?? null, actor: actorOf(c), now: clock.now() }), ({ id }) => ({ id }));
    })
    .post('/notices/:id/updates', about('notices', 'Append an update'), sameOrigin(), requireRole('publisher'), input('json', z.strictObject({ draft: noticeDraft })), async (c) =>
      done(c, await ports.notices.update({ id: c.req.param('id'), draft: c.req.valid('json').draft, actor: actorOf(c), now: clock.now() })),
    )
    .post(
      '/components/:id/status',
      about('notices', 'Set what the public is told about a component'),
      sameOrigin(),
      requireRole('publisher'),
      input('json', z.strictObject({ status: z.enum(componentStatuses) })),
      async (c) => done(c, await ports.notices.setStatus({ component: c.req.param('id'), status: c.req.valid('json').status, actor: actorOf(c), now: clock.now() })),
    );
}

export function runbookRoutes({ ports }: Routes) {
  return new Hono<SignedIn>()
    .get('/runbooks', about('runbooks', 'The runbooks there are'), requireRole('viewer'), async (c) => answer<{ runbooks: RunbookRow[] }>(c, { runbooks: [...(await ports.runbooks.list())] }))
    .get('/runbooks/:id', about('runbooks', 'One runbook, rendered'), requireRole('viewer'), async (c) => {
      const view = await ports.runbooks.view(c.req.param('id'));
      return view ? answer<RunbookView>(c, view) : notFound(c);
    });
}
