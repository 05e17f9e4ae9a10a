import { Hono } from 'hono';
import { z } from 'zod';
import type { Person } from '#lib/people.ts';
import { answer, done, notFound } from './answers.ts';
import { requireRole, type SignedIn, sameOrigin } from './auth.ts';
import { incidentRoom } from './incident-room.ts';
import { incidentRow } from './incident-rows.ts';
import { input, longText, shortText } from './inputs.ts';
import { noticeDraft } from './notice-input.ts';
import { about, actorOf, type Routes } from './routes.ts';
import type { IncidentRow, IncidentView } from './views.ts';

const levels = ['sev1', 'sev2', 'sev3', 'sev4', 'sev5'] as const;

export function incidentRoutes(routes: Routes) {
  return new Hono<SignedIn>().route('/', readingRoutes(routes)).route('/', writingRoutes(routes)).route('/', stepRoutes(routes));
}

function readingRoutes(routes: Routes) {
  const { ports } = routes;
  return new Hono<SignedIn>()
    .get('/incidents', about('incidents', 'Incidents, newest first'), requireRole('viewer'), input('query', z.object({ state: z.enum(['open', 'all']).default('open') })), async (c) => {
      const incidents = await ports.incidents.list(c.req.valid('query'));
      return answer<{ incidents: IncidentRow[] }>(c, { incidents: incidents.map(incidentRow) });
    })
    .get('/incidents/:id', about('incidents', 'The incident room: timeline, runbook, evidence, notices'), requireRole('viewer'), async (c) => {
      const view = await incidentRoom(routes, c.req.param('id'));
      return view ? answer<IncidentView>(c, view) : notFound(c);
    });
}

const openBody = z.union([z.strictObject({ alert: shortText }), z.strictObject({ runbook: shortText })]);

/** "I take it" comes with the asker's own id; anyone else is named. */
const nameOf = (person: string, asker: Person | null): string => (asker?.id === person ? asker.name : person);

function writingRoutes({ ports, clock }: Routes) {
  const by = (c: Parameters<typeof actorOf>[0] & { req: { param(name: 'id'): string } }) => ({ id: c.req.param('id'), actor: actorOf(c), now: clock.now() });
  return new Hono<SignedIn>()
    .use('/incidents', sameOrigin())
    .use('/incidents/*', sameOrigin())
    .post('/incidents', about('incidents', 'Declare an incident for an alert, or start a runbook by hand'), requireRole('responder'), input('json', openBody), async (c) => {
      const asked = c.req.valid('json');
      const by = { actor: actorOf(c), now: clock.now() };
      const opened = 'alert' in asked ? ports.incidents.open({ fingerprint: asked.alert, ...by }) : ports.incidents.start({ runbook: asked.runbook, ...by });
      return done(c, await opened, ({ id }) => ({ id }));
    })
    .post('/incidents/:id/notes', about('incidents', 'Write a line into the timeline'), requireRole('responder'), input('json', z.strictObject({ text: longText })), async (c) =>
      done(c, await ports.incidents.addNote({ ...by(c), ...c.req.valid('json') })),
    )
    .post('/incidents/:id/role', about('incidents', 'Give a role to a person'), requireRole('responder'), input('json', z.strictObject({ role: shortText, person: shortText })), async (c) =>
      done(c, await ports.incidents.setRole({ ...by(c), role: c.req.valid('json').role, person: nameOf(c.req.valid('json').person, c.get('person')) })),
    )
    .post('/incidents/:id/level', about('incidents', 'Set the level'), requireRole('responder'), input('json', z.strictObject({ level: z.enum(levels) })), async (c) =>
      done(c, await ports.incidents.setLevel({ ...by(c), ...c.req.valid('json') })),
    )
    .post('/incidents/:id/close', about('incidents', 'Close the incident'), requireRole('responder'), input('json', z.strictObject({ reason: z.string().trim().max(2_000).default('') })), async (c) =>
      done(c, await ports.incidents.close({ ...by(c), ...c.req.valid('json') })),
    );
}

const closeBody = z.strictObject({ note: z.string().trim().max(4_000).default(''), choice: z.string().trim().min(1).max(100).nullish() });

function stepRoutes({ ports, clock }: Routes) {
  const at = (c: Parameters<typeof actorOf>[0] & { req: { param(name: 'runId' | 'stepId'): string } }) => ({
    runId: c.req.param('runId'),
    stepId: c.req.param('stepId'),
    actor: actorOf(c),
    now: clock.now(),
  });
  return new Hono<SignedIn>()
    .use('/runs/*', sameOrigin())
    .post('/runs/:runId/steps/:stepId/close', about('runs', 'Close a step; its evidence is frozen'), requireRole('responder'), input('json', closeBody), async (c) => {
      const { note, choice } = c.req.valid('json');
      return done(c, await ports.incidents.closeStep({ ...at(c), note, choice: choice ?? null, evidence: null }));
    })
    .post('/runs/:runId/steps/:stepId/skip', about('runs', 'Skip a step for a reason'), requireRole('responder'), input('json', z.strictObject({ reason: longText })), async (c) =>
      done(c, await ports.incidents.skipStep({ ...at(c), ...c.req.valid('json') })),
    )
    .post('/runs/:runId/steps/:stepId/act', about('runs', 'Do what the step says'), requireRole('responder'), async (c) => done(c, await ports.incidents.actStep(at(c))))
    .post('/runs/:runId/steps/:stepId/undo', about('runs', 'Take back what the step did'), requireRole('responder'), async (c) => done(c, await ports.incidents.undoStep(at(c))))
    .post('/runs/:runId/steps/:stepId/publish', about('runs', 'Publish the drafted notice'), requireRole('publisher'), input('json', z.strictObject({ draft: noticeDraft })), async (c) =>
      done(c, await ports.incidents.publishStep({ ...at(c), ...c.req.valid('json') })),
    );
}
