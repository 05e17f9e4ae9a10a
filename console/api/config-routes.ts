import { type Context, Hono } from 'hono';
import { z } from 'zod';
import type { LogRecord } from '#collector/log.ts';
import { iso, minute } from '#lib/time.ts';
import { answer, notFound, refuse } from './answers.ts';
import { createAttempts } from './attempts.ts';
import { requireRole, type SignedIn, sameOrigin } from './auth.ts';
import { type Applied, type ChangeAsk, type ChangeNote, type EntryOf, editableSections, type FormProblem, type FormsView, type Preview } from './editing.ts';
import { idText, input } from './inputs.ts';
import type { ConsolePorts } from './ports.ts';
import { resultView } from './probe-routes.ts';
import { about, actorOf, type Routes } from './routes.ts';
import type { CheckView } from './views.ts';

export type ChangeView = ChangeNote<string>;
/** GET /api/v1/config/:section/:id */
export type EntryView = EntryOf<string>;
/** POST /api/v1/config/… that wrote; `change` is what an undo names. */
export interface AppliedView {
  change: string;
  entry: string;
  file: string;
}
/** POST /api/v1/config/sources/try */
export interface TriedLines {
  /** The name of the file they were read from; null when they were given. */
  file: string | null;
  lines: number;
  events: { at: string; level: string; body: string; malformed: string | null; attributes: LogRecord['attributes'] }[];
}
/** What a refusal to write says more than others. */
export interface EditProblemView {
  error: { code: string; message: { 'zh-CN': string; en: string }; problems: { path: string; message: string; hint: string }[]; fields: readonly FormProblem[]; preview: Preview | null };
}

const section = z.enum(editableSections);
/** No segment is one that every object has. */
const fieldId = z.string().regex(/^[a-z][a-z0-9_]{0,60}(\.[a-z][a-z0-9_]{0,60}){0,3}$/);
const askBody = z.strictObject({
  id: idText.nullable(),
  kind: z.string().max(60),
  set: z.record(fieldId, z.json()).default({}),
  texts: z.record(fieldId, z.string().max(200_000)).default({}),
  unset: z.array(fieldId).max(200).default([]),
});
const hash = z.string().max(64);
const mostLines = 50;
const triesAMinute = 20;
const mostAtOnce = 2;

const statuses = { 'not-found': 404, forbidden: 403, invalid: 422, conflict: 409 } as const;
type Refusal = Extract<Applied, { ok: false }>;

function refused(c: Context, { code, message, problems, preview }: Omit<Refusal, 'preview' | 'ok'> & { preview?: Preview | null }): Response {
  const plain = problems.map(({ path, message: said, hint }) => ({ path, message: said.en, hint: hint.en }));
  return c.json<EditProblemView>({ error: { code, message, problems: plain, fields: problems, preview: preview ?? null } }, statuses[code]);
}

const changeView = ({ at, ...rest }: ChangeNote): ChangeView => ({ ...rest, at: iso(at) });

/** Probes and sources edited by forms: read, looked at before it is written, tried, written, undone. */
export function configRoutes(routes: Routes) {
  const { ports, clock } = routes;
  const { editing } = ports;
  const app = new Hono<SignedIn>();
  if (!editing) return app;
  const written = (c: Context<SignedIn>, action: string, result: Applied) => told({ ports, c, action, now: clock.now() }, result);
  const by = (c: Context<SignedIn>) => ({ actor: actorOf(c), now: clock.now() });
  const askOf = (c: Context, body: z.output<typeof askBody>): ChangeAsk => ({ section: section.parse(c.req.param('section')), ...body });
  return app
    .use('/config/*', requireRole('admin'), sameOrigin())
    .get('/config/forms', about('config', 'Every kind of probe and source as a form'), (c) => answer<FormsView>(c, editing.forms()))
    .get('/config/changes', about('config', 'What was changed from the console, newest first'), async (c) =>
      answer<{ changes: ChangeView[] }>(c, { changes: (await editing.changes()).map(changeView) }),
    )
    .post('/config/changes/:change/undo', about('config', 'Put back what a file held before its newest change'), async (c) =>
      written(c, 'config.undo', await editing.undo({ change: c.req.param('change'), ...by(c) })),
    )
    .use('/config/:section/*', async (c, next) => (section.safeParse(c.req.param('section')).success ? next() : notFound(c)))
    .route('/', tryRoutes(routes))
    .post('/config/:section/preview', about('config', 'What a change would do to the file, and what would be wrong'), input('json', askBody), async (c) => {
      const result = await editing.preview(askOf(c, c.req.valid('json')));
      return result.ok ? answer<Preview>(c, result.preview) : refused(c, result);
    })
    .post('/config/:section/apply', about('config', 'Write a change that was looked at, and put it in force'), input('json', askBody.extend({ hash })), async (c) => {
      const { hash: seen, ...body } = c.req.valid('json');
      return written(c, body.id === null ? 'config.create' : 'config.edit', await editing.apply({ ...askOf(c, body), hash: seen, ...by(c) }));
    })
    .get('/config/:section/:id', about('config', 'An entry as it is written, secrets as •••'), async (c) => {
      const entry = await editing.entry({ section: section.parse(c.req.param('section')), id: c.req.param('id') });
      return entry ? answer<EntryView>(c, { ...entry, changes: entry.changes.map(changeView) }) : notFound(c);
    })
    .post('/config/:section/:id/removal', about('config', 'What taking an entry out would do'), async (c) => {
      const result = await editing.previewRemoval({ section: section.parse(c.req.param('section')), id: c.req.param('id') });
      return result.ok ? answer<Preview>(c, result.preview) : refused(c, result);
    })
    .post('/config/:section/:id/remove', about('config', 'Take an entry out'), input('json', z.strictObject({ hash })), async (c) =>
      written(c, 'config.remove', await editing.remove({ section: section.parse(c.req.param('section')), id: c.req.param('id'), ...c.req.valid('json'), ...by(c) })),
    );
}

/** As much of a difference as an audit record keeps. */
const auditedLines = 200;
const marks = { same: ' ', added: '+', removed: '-', gap: '…' } as const;

async function told({ ports, c, action, now }: { ports: ConsolePorts; c: Context<SignedIn>; action: string; now: ReturnType<Routes['clock']['now']> }, result: Applied): Promise<Response> {
  if (!result.ok) return refused(c, result);
  const { change, entry, file, diff } = result;
  const shown = diff.filter(({ kind }) => kind !== 'gap').slice(0, auditedLines);
  await ports.audit.append({ at: now, actor: actorOf(c), action, subject: file, detail: { entry, change, diff: shown.map(({ kind, text }) => `${marks[kind]}${text}`).join('\n') } });
  return answer<AppliedView>(c, { change, entry, file });
}

/** Trying costs the target and this machine something, so it is counted. */
function tryRoutes({ ports, clock }: Routes) {
  const { editing } = ports;
  const app = new Hono<SignedIn>();
  if (!editing) return app;
  const attempts = createAttempts(minute);
  let busy = 0;
  const once = async (c: Context<SignedIn>, task: () => Promise<Response>): Promise<Response> => {
    const full = busy >= mostAtOnce || attempts.begin([{ key: actorOf(c).id, tries: triesAMinute }], clock.now()) !== null;
    if (full) return refuse(c, 429, { code: 'too-many-attempts', message: { 'zh-CN': '试得太频繁，请过一会儿再试', en: 'too many tries: wait a moment' } });
    busy++;
    try {
      return await task();
    } finally {
      busy--;
    }
  };
  return app
    .post('/config/probes/try', about('config', 'One check with what is not saved yet'), input('json', askBody), (c) =>
      once(c, async () => {
        const ask = { section: 'probes' as const, ...c.req.valid('json') };
        const result = await editing.tryProbe(ask);
        if (!result.ok) return refused(c, result);
        await ports.audit.append({
          at: clock.now(),
          actor: actorOf(c),
          action: 'probe.try',
          subject: `probe/${ask.id ?? String(ask.set.id ?? '')}`,
          detail: { kind: ask.kind, outcome: result.result.outcome.kind },
        });
        return answer<CheckView>(c, resultView(result.result));
      }),
    )
    .post(
      '/config/sources/try',
      about('config', 'How lines would be read by what is not saved yet'),
      input('json', askBody.extend({ lines: z.array(z.string().max(65_536)).max(mostLines).nullable() })),
      (c) =>
        once(c, async () => {
          const { lines, ...body } = c.req.valid('json');
          const result = await editing.trySource({ section: 'sources', ...body, lines, now: clock.now() });
          if (!result.ok) return refused(c, result);
          const events = result.records.map(({ timestamp, severityText, body: text, attributes: { 'log.malformed': malformed, ...attributes } }) => ({
            ...{ at: iso(timestamp), level: severityText, body: text.slice(0, 4_000), malformed: typeof malformed === 'string' ? malformed : null, attributes },
          }));
          return answer<TriedLines>(c, { file: result.file, lines: result.lines, events });
        }),
    );
}
