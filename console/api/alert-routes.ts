import { Hono } from 'hono';
import { z } from 'zod';
import { durationMs, hour, iso, minute, unixMs } from '#lib/time.ts';
import { alertRow, alertRows } from './alert-rows.ts';
import { answer, done, isoOrNull, notFound } from './answers.ts';
import { requireRole, type SignedIn, sameOrigin } from './auth.ts';
import { input } from './inputs.ts';
import { measureOf } from './measures.ts';
import { thresholdsFor } from './panels.ts';
import type { AlertEntry, RuleEntry } from './ports.ts';
import { about, actorOf, type Routes } from './routes.ts';
import { seriesView } from './series-view.ts';
import type { AlertRow, AlertView } from './views.ts';

/** GET /api/v1/silences. */
export interface SilencesView {
  silences: { id: string; matchers: readonly string[]; startsAt: string; endsAt: string; createdBy: string; comment: string; state: 'pending' | 'active' | 'expired' }[];
}

const silenceBody = z.strictObject({
  matchers: z.array(z.string().trim().min(1).max(500)).min(1).max(20),
  minutes: z
    .number()
    .positive()
    .max(60 * 24 * 90),
  comment: z.string().trim().max(2_000).default(''),
});
const noteBody = z.strictObject({ note: z.string().trim().max(2_000).default('') });

export function alertRoutes(routes: Routes) {
  return new Hono<SignedIn>().route('/', readingRoutes(routes)).route('/', writingRoutes(routes)).route('/', silenceRoutes(routes));
}

function readingRoutes(routes: Routes) {
  const { ports, clock, once } = routes;
  return new Hono<SignedIn>()
    .get(
      '/alerts',
      about('alerts', 'Alerts, worst and newest first, each with why, who was told and what happens next'),
      requireRole('viewer'),
      input('query', z.object({ state: z.enum(['active', 'all']).default('active') })),
      async (c) => {
        const { state } = c.req.valid('query');
        const view = await once(`alerts ${state}`, async () => {
          const [entries, incidents, runbooks] = await Promise.all([ports.alerts.entries({ state, now: clock.now() }), ports.incidents.list({ state: 'all' }), ports.runbooks.list()]);
          return { alerts: alertRows(entries, { incidents, rules: ports.alerts.rules(), catalogue: ports.catalogue(), runbooks }), nextEvaluationAt: isoOrNull(ports.alerts.nextEvaluationAt()) };
        });
        return answer<{ alerts: AlertRow[]; nextEvaluationAt: string | null }>(c, view);
      },
    )
    .get('/alerts/:fingerprint', about('alerts', 'One alert with its history, rule and the series it looks at'), requireRole('viewer'), async (c) => {
      const entry = await ports.alerts.entry({ fingerprint: c.req.param('fingerprint'), now: clock.now() });
      return entry ? answer<AlertView>(c, await alertView(routes, entry)) : notFound(c);
    });
}

async function alertView({ ports, clock }: Routes, entry: AlertEntry): Promise<AlertView> {
  const rules = ports.alerts.rules();
  const rule = rules.find((candidate) => candidate.name === entry.alert.rule);
  const [incidents, history, series, runbooks] = await Promise.all([ports.incidents.list({ state: 'all' }), ports.alerts.history(entry.alert.fingerprint), drawn(), ports.runbooks.list()]);
  // A probe rule counts failing vantages, which is no point of the series drawn beside it.
  return {
    alert: alertRow(entry, { incidents, rules, catalogue: ports.catalogue(), runbooks }),
    history: history.map((change) => ({ ...change, at: iso(change.at), value: rule?.kind === 'probe' ? null : change.value })),
    ruleYaml: rule?.yaml ?? null,
    series,
    thresholds: rule ? thresholdsOf(rule) : [],
  };

  /** From half an hour before it began until now, three hours at least and a week at most. */
  async function drawn(): Promise<AlertView['series']> {
    const found = measureOf(entry, rules);
    if (!found) return null;
    const now = clock.now();
    const from = Math.max(now - 7 * 24 * hour, Math.min(now - 3 * hour, entry.alert.activeAt - 30 * minute));
    const lines = await found.measure.lines(ports.questions, { span: { from: unixMs(from), until: now }, now, scope: found.scope });
    return seriesView(lines, found.measure.unit, () => found.measure.label);
  }
}

const thresholdsOf = (rule: RuleEntry) => thresholdsFor(rule.measure, [rule]);

function writingRoutes({ ports, clock }: Routes) {
  return new Hono<SignedIn>().post('/alerts/:fingerprint/acknowledge', about('alerts', 'Take an alert'), sameOrigin(), requireRole('responder'), input('json', noteBody), async (c) =>
    done(c, await ports.alerts.acknowledge({ fingerprint: c.req.param('fingerprint'), note: c.req.valid('json').note, actor: actorOf(c), now: clock.now() })),
  );
}

function silenceRoutes({ ports, clock }: Routes) {
  return new Hono<SignedIn>()
    .get('/silences', about('silences', 'Silences, those over included'), requireRole('viewer'), async (c) => {
      const silences = await ports.alerts.silences({ now: clock.now() });
      return answer<SilencesView>(c, { silences: silences.map(({ startsAt, endsAt, ...rest }) => ({ ...rest, startsAt: iso(startsAt), endsAt: iso(endsAt) })) });
    })
    .post('/silences', about('silences', 'Mute alerts by hand for a time'), sameOrigin(), requireRole('responder'), input('json', silenceBody), async (c) => {
      const { matchers, minutes, comment } = c.req.valid('json');
      const now = clock.now();
      return done(c, await ports.alerts.silence({ matchers, startsAt: now, endsAt: unixMs(now + durationMs(minutes * minute)), comment, actor: actorOf(c), now }), ({ id }) => ({ id }));
    })
    .delete('/silences/:id', about('silences', 'End a silence'), sameOrigin(), requireRole('responder'), async (c) =>
      done(c, await ports.alerts.expireSilence({ id: c.req.param('id'), actor: actorOf(c), now: clock.now() })),
    );
}
