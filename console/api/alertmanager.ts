import { type Context, Hono } from 'hono';
import { type Matcher, parseMatchers, patternProblem } from '#alerts/matcher.ts';
import { silenceState } from '#alerts/silence.ts';
import type { Clock } from '#lib/clock.ts';
import { iso } from '#lib/time.ts';
import type { OutsideDesk, PostedAlert, SeenAlert } from './alertmanager-desk.ts';
import { type AlertFilter, alertShape, matchesReceiver, passes, postedAlerts, readPostedAlert, readPostedSilence, silencePasses, silenceShape } from './alertmanager-shapes.ts';
import { requireScope, type SignedIn, sameOrigin } from './auth.ts';
import { limitBody } from './body-limit.ts';
import { actorOf } from './routes.ts';

interface Options {
  desk: OutsideDesk;
  clock: Clock;
}

/**
 * Alertmanager's API v2 on the same alert path as our own rules, for Prometheus, vmalert, amtool and Karma; mounted at /api/v2 behind
 * `identify`. Refusals are a JSON text, as Alertmanager's clients expect.
 */
export function alertmanagerRoutes(options: Options): Hono<SignedIn> {
  return new Hono<SignedIn>()
    .use(sameOrigin())
    .use(async (c, next) => {
      const mayWrite = c.get('token')?.scopes.includes('alerts');
      return c.req.method === 'GET' && !mayWrite ? requireScope('read')(c, next) : requireScope('alerts')(c, next);
    })
    .use(limitBody({ maxSize: 8 * 1024 * 1024, tooLarge: (c) => c.json('the body is larger than 8 MB', 413) }))
    .route('/', alertRoutes(options))
    .route('/', silenceRoutes(options))
    .get('/receivers', (c) => c.json(options.desk.receivers().map((name) => ({ name }))))
    .get('/status', (c) => c.json(statusShape(options.desk)));
}

function alertRoutes({ desk, clock }: Options): Hono<SignedIn> {
  return new Hono<SignedIn>()
    .post('/alerts', async (c) => {
      const batch = postedAlerts.safeParse(await c.req.json().catch(() => undefined));
      if (!batch.success) return c.json('the body must be a JSON list of alerts', 400);
      const read = batch.data.map(readPostedAlert);
      const alerts = read.filter((alert): alert is PostedAlert => typeof alert !== 'string');
      if (alerts.length > 0) await desk.post({ alerts, actor: actorOf(c), now: clock.now() });
      // One bad alert must not cost the others.
      const problems = read.filter((problem) => typeof problem === 'string');
      return problems.length > 0 ? c.json(problems.slice(0, 20).join('; '), 400) : c.json({});
    })
    .get('/alerts', async (c) => {
      const filter = alertFilter(c);
      if (typeof filter === 'string') return c.json(filter, 400);
      const now = clock.now();
      const seen = (await desk.alerts({ now })).filter((each) => passes(filter, each));
      return c.json(seen.sort(byFingerprint).map((each) => alertShape(each, now)));
    })
    .get('/alerts/groups', async (c) => {
      const filter = alertFilter(c);
      if (typeof filter === 'string') return c.json(filter, 400);
      const now = clock.now();
      const [seen, groups] = await Promise.all([desk.alerts({ now }), desk.groups({ now })]);
      const shown = new Map(seen.filter((each) => passes({ ...filter, receiver: undefined }, each)).map((each) => [each.alert.fingerprint, each]));
      const shapes = groups.flatMap(({ labels, receiver, fingerprints }) => {
        const alerts = fingerprints.flatMap((fingerprint) => shown.get(fingerprint) ?? []).sort(byFingerprint);
        return alerts.length > 0 && matchesReceiver(filter.receiver, receiver) ? [{ alerts: alerts.map((each) => alertShape(each, now)), labels, receiver: { name: receiver } }] : [];
      });
      return c.json(shapes);
    });
}

function silenceRoutes({ desk, clock }: Options): Hono<SignedIn> {
  return new Hono<SignedIn>()
    .get('/silences', async (c) => {
      const matchers = matchersOf(c);
      if (typeof matchers === 'string') return c.json(matchers, 400);
      const now = clock.now();
      const creators = c.req.queries('creator') ?? [];
      const order = { active: 0, pending: 1, expired: 2 };
      const found = (await desk.silences({ now })).filter((silence) => silencePasses(matchers, silence) && (creators.length === 0 || creators.includes(silence.createdBy)));
      found.sort((a, b) => order[silenceState(a, now)] - order[silenceState(b, now)] || a.endsAt - b.endsAt || (a.id < b.id ? -1 : 1));
      return c.json(found.map((silence) => silenceShape(silence, now)));
    })
    .post('/silences', async (c) => {
      const wish = readPostedSilence(await c.req.json().catch(() => undefined));
      if (typeof wish === 'string') return c.json(wish, 400);
      const answer = await desk.putSilence({ wish, actor: actorOf(c), now: clock.now() });
      return answer.ok ? c.json({ silenceID: answer.id }) : c.json(answer.message, answer.reason === 'notFound' ? 404 : 400);
    })
    .get('/silence/:id', async (c) => {
      const now = clock.now();
      const found = (await desk.silences({ now })).find((silence) => silence.id === c.req.param('id'));
      return found ? c.json(silenceShape(found, now)) : c.json('silence not found', 404);
    })
    .delete('/silence/:id', async (c) => {
      const answer = await desk.expireSilence({ id: c.req.param('id'), actor: actorOf(c), now: clock.now() });
      return answer.ok ? c.body(null, 200) : c.json(answer.message, answer.reason === 'notFound' ? 404 : 400);
    });
}

const byFingerprint = (a: SeenAlert, b: SeenAlert): number => (a.alert.fingerprint < b.alert.fingerprint ? -1 : 1);

/** A text says which part of the question is not understood. */
function alertFilter(c: Context): AlertFilter | string {
  const matchers = matchersOf(c);
  if (typeof matchers === 'string') return matchers;
  const receiver = c.req.query('receiver') || undefined;
  const problem = receiver === undefined ? undefined : patternProblem(receiver);
  if (problem) return `receiver: ${problem}`;
  const wanted = (name: string) => c.req.query(name) !== 'false';
  return { active: wanted('active'), silenced: wanted('silenced'), inhibited: wanted('inhibited'), muted: wanted('muted'), matchers, receiver };
}

function matchersOf(c: Context): Matcher[] | string {
  const read = (c.req.queries('filter') ?? []).map(parseMatchers);
  const bad = read.find((each) => !each.ok);
  return bad && !bad.ok ? bad.message : read.flatMap((each) => (each.ok ? each.matchers : []));
}

/** What a client reads to learn whom it is talking to; we are no Go program and no cluster, and say so. */
function statusShape(desk: OutsideDesk) {
  return {
    cluster: { status: 'disabled', peers: [] },
    config: { original: desk.configYaml() },
    uptime: iso(desk.startedAt),
    versionInfo: { branch: '', buildDate: '', buildUser: '', goVersion: '', revision: '', version: `fenghuo ${desk.version}` },
  };
}
