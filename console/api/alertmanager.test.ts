import { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Alert } from '#alerts/alert.ts';
import { expireSilence, putSilence, type Silence } from '#alerts/silence.ts';
import { virtualClock } from '#lib/clock.ts';
import { fingerprint } from '#lib/labels.ts';
import type { TokenScope } from '#lib/people.ts';
import { durationMs, hour, iso, minute, unixMs } from '#lib/time.ts';
import { alertmanagerRoutes } from './alertmanager.ts';
import type { OutsideDesk, PostedAlert, SeenAlert } from './alertmanager-desk.ts';
import { identify, type SignedIn } from './auth.ts';

const now = unixMs(Date.parse('2026-11-24T10:00:00Z'));
const ids = ['0b7c1f5e-5d0c-4c73-9a53-6d2c1b1f0001', '0b7c1f5e-5d0c-4c73-9a53-6d2c1b1f0002', '0b7c1f5e-5d0c-4c73-9a53-6d2c1b1f0003'];
const scopes: Record<string, TokenScope[]> = { fh_alerts: ['alerts'], fh_read: ['read'], fh_ingest: ['ingest'] };
let clock: ReturnType<typeof virtualClock>;
let posted: PostedAlert[];
let silences: Map<string, Silence>;
let app: Hono<SignedIn>;
let token: string;

function firing(labels: Record<string, string>, rest: Partial<SeenAlert> = {}): SeenAlert {
  const alert = {
    state: 'firing',
    activeAt: unixMs(now - 120_000),
    firedAt: unixMs(now - 60_000),
    clearSince: null,
    fingerprint: fingerprint(labels),
    episode: 'e',
    rule: labels.alertname ?? '',
    labels,
    annotations: { summary: '慢' },
    value: 1,
    why: { 'zh-CN': '', en: '' },
    sight: 'ok',
    flapping: false,
    title: { 'zh-CN': '', en: '' },
    memory: { missingSince: null, flips: [] },
    outside: null,
    acknowledgement: null,
    evaluatedAt: now,
  } satisfies Alert;
  return { alert, receivers: ['ops'], silencedBy: [], inhibitedBy: [], mutedBy: [], ...rest };
}
const seen = [
  firing({ alertname: 'Errors', service: 'invoice' }),
  firing({ alertname: 'Slow', service: 'invoice' }, { receivers: ['night', 'ops'], silencedBy: ['s1'] }),
  firing({ alertname: 'Slow', service: 'login' }, { inhibitedBy: ['f1'] }),
];

beforeEach(() => {
  token = 'fh_alerts';
  clock = virtualClock(now);
  posted = [];
  silences = new Map();
  let made = 0;
  const keep = (answer: ReturnType<typeof putSilence>) => {
    if (answer.ok) for (const silence of answer.changed) silences.set(silence.id, silence);
    return answer;
  };
  const desk: OutsideDesk = {
    post: async ({ alerts }) => void posted.push(...alerts),
    alerts: async () => [...seen],
    groups: async () => [
      { labels: { service: 'invoice' }, receiver: 'ops', fingerprints: seen.slice(0, 2).map(({ alert }) => alert.fingerprint) },
      { labels: { service: 'invoice' }, receiver: 'night', fingerprints: [seen[1]!.alert.fingerprint] },
    ],
    silences: async () => [...silences.values()],
    putSilence: async ({ wish, now }) => keep(putSilence(silences, wish, { now, newId: ids[made++] ?? '' })),
    expireSilence: async ({ id, now }) => keep(expireSilence(silences, id, now)),
    receivers: () => ['ops', 'night'],
    configYaml: () => 'route: { receiver: ops }\n',
    startedAt: now,
    version: '0.1.0',
  };
  const people = { session: async () => null, token: async (bearer: string) => (scopes[bearer] ? { name: bearer, scopes: scopes[bearer] } : null) };
  app = new Hono<SignedIn>().use(identify(people, clock)).route('/api/v2', alertmanagerRoutes({ desk, clock }));
});

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const answer = await app.request(`/api/v2${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : null };
}
const names = (body: unknown) => (body as { labels: Record<string, string> }[]).map(({ labels }) => `${labels.alertname} ${labels.service}`).sort();

describe('posting alerts', () => {
  it('takes what Prometheus sends', async () => {
    const alert = {
      labels: { alertname: 'Up', job: 'a', empty: '' },
      annotations: { summary: 's' },
      startsAt: '2026-11-24T09:59:00.123456789Z',
      endsAt: '2026-11-24T10:04:00Z',
      generatorURL: 'http://prometheus.example/graph',
    };
    expect(await call('POST', '/alerts', [alert])).toEqual({ status: 200, body: {} });
    const expected = {
      labels: { alertname: 'Up', job: 'a' },
      annotations: { summary: 's' },
      startsAt: Date.parse('2026-11-24T09:59:00.123Z'),
      endsAt: now + 240_000,
      generatorUrl: 'http://prometheus.example/graph',
    };
    expect(posted).toEqual([expected]);
  });

  it('takes the least there can be, and the year 1 for "not set"', async () => {
    await call('POST', '/alerts', [{ labels: { a: 'b' } }, { labels: { c: 'd' }, startsAt: '0001-01-01T00:00:00Z', endsAt: '0001-01-01T00:00:00.000Z' }]);
    expect(posted).toEqual([{ a: 'b' }, { c: 'd' }].map((labels) => ({ labels, annotations: {}, startsAt: null, endsAt: null, generatorUrl: '' })));
  });

  it('keeps the good ones of a batch and says what is wrong with the others', async () => {
    const late = { labels: { a: 'late' }, startsAt: '2026-11-24T10:00:00Z', endsAt: '2026-11-24T09:00:00Z' };
    const answer = await call('POST', '/alerts', [{ labels: {} }, late, { labels: { '': 'x' } }, { labels: { a: 1 } }, { labels: { good: 'one' } }, 7]);
    expect(answer.status).toBe(400);
    for (const part of ['at least one label pair', 'start time must be before end time', 'invalid label name: ""', 'labels.a']) expect(answer.body).toContain(part);
    expect(posted.map(({ labels }) => labels)).toEqual([{ good: 'one' }]);
  });

  it.each(['', '{}', 'null', '[', '\u0000\uffff'.repeat(1000)])('refuses a body that is no list (%#)', async (body) => {
    expect((await call('POST', '/alerts', body)).status).toBe(400);
  });

  it('refuses a body without end', async () => {
    expect((await call('POST', '/alerts', `["${'x'.repeat(9_000_000)}"]`)).status).toBe(413);
  });
});

describe('asking for alerts', () => {
  it('gives them in the shape of the API', async () => {
    const { body } = await call('GET', '/alerts?filter=alertname%3D%22Errors%22');
    const labels = { alertname: 'Errors', service: 'invoice' };
    const status = { state: 'active', silencedBy: [], inhibitedBy: [], mutedBy: [] };
    expect(body).toEqual([
      {
        labels,
        annotations: { summary: '慢' },
        fingerprint: fingerprint(labels),
        receivers: [{ name: 'ops' }],
        status,
        startsAt: '2026-11-24T09:59:00.000Z',
        updatedAt: iso(now),
        endsAt: '2026-11-24T10:04:00.000Z',
      },
    ]);
  });

  it.each([
    { question: '', found: ['Errors invoice', 'Slow invoice', 'Slow login'] },
    { question: '?active=false', found: ['Slow invoice', 'Slow login'] },
    { question: '?silenced=false', found: ['Errors invoice', 'Slow login'] },
    { question: '?inhibited=false', found: ['Errors invoice', 'Slow invoice'] },
    { question: '?filter=service%3Dinvoice&filter=alertname%3D~%22S.*%22', found: ['Slow invoice'] },
    { question: '?receiver=nig.t', found: ['Slow invoice'] },
    { question: '?receiver=nig', found: [] },
  ])('finds $found with "$question"', async ({ question, found }) => {
    expect(names((await call('GET', `/alerts${question}`)).body)).toEqual(found);
  });

  it.each(['/alerts?filter=a%3D~%22(%22', '/alerts?filter=nothing', '/alerts?receiver=(', '/alerts/groups?filter=%3D', '/silences?filter=x'])('refuses %s', async (path) => {
    expect(await call('GET', path)).toEqual({ status: 400, body: expect.any(String) });
  });

  it('gives groups by receiver', async () => {
    const { body } = await call('GET', '/alerts/groups?silenced=false');
    expect(body).toMatchObject([{ labels: { service: 'invoice' }, receiver: { name: 'ops' }, alerts: [{ labels: { alertname: 'Errors' } }] }]);
    expect((await call('GET', '/alerts/groups?receiver=night')).body).toMatchObject([{ receiver: { name: 'night' } }]);
  });
});

describe('silences', () => {
  const wish = (rest: object = {}) => ({
    matchers: [
      { name: 'service', value: 'inv.*', isRegex: true, isEqual: true },
      { name: 'severity', value: 'info', isRegex: false, isEqual: false },
    ],
    startsAt: iso(now),
    endsAt: iso(unixMs(now + hour)),
    createdBy: 'ops',
    comment: '演练',
    ...rest,
  });

  it('are made, found, changed and ended', async () => {
    expect(await call('POST', '/silences', wish())).toEqual({ status: 200, body: { silenceID: ids[0] } });
    const shape = { ...wish(), id: ids[0], status: { state: 'active' }, updatedAt: iso(now) };
    expect(await call('GET', `/silence/${ids[0]}`)).toEqual({ status: 200, body: shape });
    expect(await call('GET', '/silences?filter=service%3D%22inv.*%22&creator=ops')).toEqual({ status: 200, body: [shape] });
    expect((await call('GET', '/silences?creator=other')).body).toEqual([]);
    expect((await call('POST', '/silences', wish({ id: ids[0], comment: '更长的演练' }))).body).toEqual({ silenceID: ids[0] });
    await clock.advance(durationMs(minute));
    expect((await call('DELETE', `/silence/${ids[0]}`)).status).toBe(200);
    expect((await call('GET', `/silence/${ids[0]}`)).body).toMatchObject({ status: { state: 'expired' }, endsAt: iso(clock.now()), comment: '更长的演练' });
  });

  it('of a client that does not know isEqual mean "equal"', async () => {
    await call('POST', '/silences', wish({ matchers: [{ name: 'a', value: 'b', isRegex: false }] }));
    expect((await call('GET', `/silence/${ids[0]}`)).body).toMatchObject({ matchers: [{ name: 'a', value: 'b', isRegex: false, isEqual: true }] });
  });

  it.each([
    { name: 'without matchers', body: wish({ matchers: [] }), status: 400 },
    { name: 'with a bad pattern', body: wish({ matchers: [{ name: 'a', value: '(', isRegex: true }] }), status: 400 },
    { name: 'that matches everything', body: wish({ matchers: [{ name: 'a', value: '.*', isRegex: true }] }), status: 400 },
    { name: 'that is over', body: wish({ startsAt: iso(unixMs(0)), endsAt: iso(unixMs(1)) }), status: 400 },
    { name: 'with half a time', body: wish({ endsAt: 'tomorrow' }), status: 400 },
    { name: 'changing one that is not there', body: wish({ id: ids[2] }), status: 404 },
    { name: 'of nothing', body: 'x', status: 400 },
  ])('$name are refused', async ({ body, status }) => {
    expect(await call('POST', '/silences', body)).toEqual({ status, body: expect.any(String) });
    expect(silences.size).toBe(0);
  });

  it('that are not there are not found', async () => {
    expect((await call('GET', `/silence/${ids[1]}`)).status).toBe(404);
    expect((await call('DELETE', `/silence/${ids[1]}`)).status).toBe(404);
  });
});

describe('the rest', () => {
  it('says who we are and whom we tell', async () => {
    expect((await call('GET', '/receivers')).body).toEqual([{ name: 'ops' }, { name: 'night' }]);
    expect((await call('GET', '/status')).body).toMatchObject({
      cluster: { status: 'disabled' },
      config: { original: 'route: { receiver: ops }\n' },
      uptime: iso(now),
      versionInfo: { version: 'fenghuo 0.1.0', goVersion: '' },
    });
  });

  it.each([
    { token: 'fh_alerts', read: 200, write: 400 },
    { token: 'fh_read', read: 200, write: 403 },
    { token: 'fh_ingest', read: 403, write: 403 },
    { token: 'fh_unknown', read: 401, write: 401 },
  ])('lets $token read with $read and write with $write', async ({ token: bearer, read, write }) => {
    token = bearer;
    expect((await call('GET', '/alerts')).status).toBe(read);
    expect((await call('POST', '/silences', {})).status).toBe(write);
  });
});
