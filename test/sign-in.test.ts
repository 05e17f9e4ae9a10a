import { Hono } from 'hono';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { identify, requireRole, requireScope, type SignedIn, sameOrigin } from '#console/api/auth.ts';
import { signInRoutes } from '#console/api/sign-in.ts';
import { virtualClock } from '#lib/clock.ts';
import type { PersonRole, TokenScope } from '#lib/people.ts';
import { Secret } from '#lib/secret.ts';
import { after, durationMs, hour, minute, unixMs } from '#lib/time.ts';
import { type Auth, createAuth } from '#store/auth.ts';
import { type TestState, testState } from '#store/embedded/test-state.ts';
import { addPerson, disablePerson, setPassword, shellActor } from '#store/people-store.ts';
import { createSignInLink } from '#store/sign-in-link-store.ts';
import { addToken } from '#store/token-store.ts';

const secretKey = new Secret('the secret key of this test, long enough');
const password = 'correct horse battery';
const now = unixMs(1_700_000_000_000);
const clock = virtualClock(now);
const by = { actor: shellActor, at: now };
let fixture: TestState;
let auth: Auth;
let app: Hono<SignedIn>;
let people = 0;

beforeAll(async () => {
  fixture = await testState();
});
afterAll(() => fixture.close());
beforeEach(() => {
  auth = createAuth({ state: fixture.state, secretKey, baseUrl: 'http://127.0.0.1:8600' });
  app = consoleOf(auth);
});

function consoleOf(people: Auth): Hono<SignedIn> {
  return new Hono<SignedIn>()
    .route('/api/v1', signInRoutes({ people, clock }))
    .use(sameOrigin(), identify(people, clock))
    .get('/api/v1/session', requireRole('viewer'), (c) => c.json({ person: c.get('person') }))
    .post('/api/v1/silences', requireRole('responder'), (c) => c.json({}))
    .post('/api/v2/alerts', requireScope('alerts'), (c) => c.json({}));
}

async function newPerson(role: PersonRole = 'viewer') {
  const done = await addPerson(fixture.state, { name: '张', email: `p${people++}@example.test`, role, password }, by);
  if (!done.ok) throw new Error(done.message.en);
  return done.value;
}

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  app.request(path, { method: 'POST', body: JSON.stringify(body), headers: { host: '127.0.0.1:8600', 'content-type': 'application/json', ...headers } });
const cookieOf = (answer: Response) => (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
async function signedIn(role: PersonRole): Promise<string> {
  return cookieOf(await post('/api/v1/sign-in', { email: (await newPerson(role)).email, password }));
}

describe('signing in with a password', () => {
  it('opens a session that ends with signing out', async () => {
    const person = await newPerson('publisher');
    const answer = await post('/api/v1/sign-in', { email: ` ${person.email.toUpperCase()}`, password });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ person });
    expect(answer.headers.get('set-cookie')).toMatch(/^fenghuo\.session_token=[^;]+; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/);
    const cookie = cookieOf(answer);
    expect(await (await app.request('/api/v1/session', { headers: { cookie } })).json()).toEqual({ person });
    const out = await post('/api/v1/sign-out', {}, { cookie });
    expect(out.headers.get('set-cookie')).toMatch(/^fenghuo\.session_token=; Max-Age=0/);
    expect((await app.request('/api/v1/session', { headers: { cookie } })).status).toBe(401);
  });

  it('marks the cookie secure when it came by HTTPS, also through a proxy', async () => {
    const { email } = await newPerson();
    const direct = await post('https://console.example/api/v1/sign-in', { email, password });
    const proxied = await post('/api/v1/sign-in', { email, password }, { 'x-forwarded-proto': 'https' });
    for (const answer of [direct, proxied]) expect(answer.headers.get('set-cookie')).toMatch(/; Secure$/);
  });

  it('says the same whether the address or the password is wrong, or the account closed', async () => {
    const closed = await newPerson();
    await disablePerson(fixture.state, closed.id, by);
    const answers = await Promise.all([
      post('/api/v1/sign-in', { email: 'nobody@example.test', password }),
      post('/api/v1/sign-in', { email: (await newPerson()).email, password: 'wrong password' }),
      post('/api/v1/sign-in', { email: closed.email, password }),
      post('/api/v1/sign-in', { email: 'not an address', password }),
    ]);
    const said = await Promise.all(answers.map(async (answer) => [answer.status, await answer.text(), answer.headers.get('set-cookie')]));
    expect(new Set(said.map((each) => JSON.stringify(each)))).toHaveProperty('size', 1);
    expect(said[0]?.[0]).toBe(401);
  });

  it('is refused for a while after five wrong tries, and not for the neighbour', async () => {
    const [{ email }, neighbour] = [await newPerson(), await newPerson()];
    for (let n = 0; n < 5; n++) expect((await post('/api/v1/sign-in', { email, password: 'wrong password' })).status).toBe(401);
    const blocked = await post('/api/v1/sign-in', { email, password });
    expect([blocked.status, blocked.headers.get('retry-after')]).toEqual([429, '300']);
    expect((await post('/api/v1/sign-in', { email: neighbour.email, password })).status).toBe(200);
    await clock.advance(durationMs(5 * minute));
    expect((await post('/api/v1/sign-in', { email, password })).status).toBe(200);
  });

  it.each([{}, { email: 'a@example.test' }, { email: 1, password: [] }, null, { email: 'a@example.test', password: 'x'.repeat(200) }])('refuses %j', async (body) => {
    expect((await post('/api/v1/sign-in', body)).status).toBe(422);
  });
});

describe('signing in by a link', () => {
  it('works once', async () => {
    const person = await newPerson('admin');
    const token = await createSignInLink(fixture.state, { personId: person.id, expiresAt: after(clock.now(), hour) }, by);
    const answer = await post('/api/v1/sign-in/link', { token });
    expect(await answer.json()).toEqual({ person });
    expect(await auth.session(new Headers({ cookie: cookieOf(answer) }))).toEqual(person);
    expect((await post('/api/v1/sign-in/link', { token })).status).toBe(401);
  });
});

describe('a session', () => {
  it.each(['fenghuo.session_token=forged.signature', 'fenghuo.session_token=', 'fenghuo.session_token=%00', 'other=1'])('is not opened by the cookie "%s"', async (cookie) => {
    expect(await auth.session(new Headers({ cookie }))).toBeNull();
  });

  it('of another installation is worth nothing', async () => {
    const cookie = await signedIn('admin');
    const other = createAuth({ state: fixture.state, secretKey: new Secret('the secret key of another installation'), baseUrl: 'http://127.0.0.1:8600' });
    expect(await other.session(new Headers({ cookie }))).toBeNull();
  });

  it('ends when the account is closed or gets a new password', async () => {
    for (const end of [(id: string) => disablePerson(fixture.state, id, by), (id: string) => setPassword(fixture.state, { personId: id, password: 'a new password' }, by)]) {
      const person = await newPerson();
      const cookie = cookieOf(await post('/api/v1/sign-in', { email: person.email, password }));
      expect(await auth.session(new Headers({ cookie }))).toEqual(person);
      await end(person.id);
      expect(await auth.session(new Headers({ cookie }))).toBeNull();
    }
  });
});

describe('what one may do', () => {
  it.each<{ role: PersonRole; silences: number; alerts: number }>([
    { role: 'viewer', silences: 403, alerts: 403 },
    { role: 'responder', silences: 200, alerts: 200 },
    { role: 'admin', silences: 200, alerts: 200 },
  ])('as $role', async ({ role, silences, alerts }) => {
    const cookie = await signedIn(role);
    expect((await post('/api/v1/silences', {}, { cookie })).status).toBe(silences);
    expect((await post('/api/v2/alerts', {}, { cookie })).status).toBe(alerts);
  });

  it.each<{ scope: TokenScope; session: number; silences: number; alerts: number }>([
    { scope: 'ingest', session: 403, silences: 403, alerts: 403 },
    { scope: 'alerts', session: 403, silences: 403, alerts: 200 },
    { scope: 'read', session: 200, silences: 403, alerts: 403 },
  ])('with a token for $scope', async ({ scope, session, silences, alerts }) => {
    const made = await addToken(fixture.state, { name: scope, scopes: [scope] }, by);
    const headers = { authorization: `Bearer ${made.ok ? made.value.token : ''}` };
    expect((await app.request('/api/v1/session', { headers })).status).toBe(session);
    expect((await post('/api/v1/silences', {}, headers)).status).toBe(silences);
    expect((await post('/api/v2/alerts', {}, { ...headers, origin: 'http://elsewhere.example' })).status).toBe(alerts);
  });

  it('without anything: sign in first', async () => {
    const answer = await app.request('/api/v1/session');
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="fenghuo"']);
    expect((await post('/api/v2/alerts', {}, { authorization: 'Bearer fh_guess' })).status).toBe(401);
  });
});

describe('a write made by another site', () => {
  it.each([
    { name: 'no word of origin (a program)', headers: {}, status: 200 },
    { name: 'the console itself', headers: { origin: 'http://127.0.0.1:8600', 'sec-fetch-site': 'same-origin' }, status: 200 },
    { name: 'the console, by an old browser', headers: { origin: 'http://127.0.0.1:8600' }, status: 200 },
    { name: 'the console behind a proxy', headers: { origin: 'https://console.example', 'x-forwarded-host': 'console.example' }, status: 200 },
    { name: 'another port of this machine', headers: { origin: 'http://127.0.0.1:8601', 'sec-fetch-site': 'same-site' }, status: 403 },
    { name: 'another site', headers: { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' }, status: 403 },
    { name: 'another site, by an old browser', headers: { origin: 'https://elsewhere.example' }, status: 403 },
    { name: 'a page without an origin', headers: { origin: 'null' }, status: 403 },
  ])('$name: $status', async ({ headers, status }) => {
    const cookie = await signedIn('responder');
    expect((await post('/api/v1/silences', {}, { cookie, ...headers } as Record<string, string>)).status).toBe(status);
  });
});
