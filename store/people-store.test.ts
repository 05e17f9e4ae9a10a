import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Done } from '#lib/done.ts';
import { after, day, hour, minute, unixMs } from '#lib/time.ts';
import { listAudit } from './audit.ts';
import { verifyChains } from './chains.ts';
import { type TestState, testState } from './embedded/test-state.ts';
import { addPerson, disablePerson, firstAdmin, listPeople, setPassword, setPersonRole, shellActor } from './people-store.ts';
import { consumeSignInLink, createOpeningLink, createSignInLink } from './sign-in-link-store.ts';
import { addToken, listTokens, revokeToken, useToken } from './token-store.ts';

const now = unixMs(1_700_000_000_000);
const by = { actor: shellActor, at: now };
let fixture: TestState;
beforeAll(async () => {
  fixture = await testState();
});
afterAll(() => fixture.close());

function valueIn<Value>(done: Done<Value>): Value {
  if (!done.ok) throw new Error(done.message.en);
  return done.value;
}

describe('people', () => {
  it('are added once for each mail address, however it is written', async () => {
    const added = valueIn(await addPerson(fixture.state, { name: '李值班', email: ' Li@Example.test ', role: 'responder', language: 'zh-CN' }, by));
    expect(added).toMatchObject({ email: 'li@example.test', role: 'responder' });
    expect(await addPerson(fixture.state, { name: '李', email: 'LI@example.test', role: 'viewer' }, by)).toMatchObject({ ok: false, code: 'conflict' });
    expect((await listPeople(fixture.state)).filter((person) => person.email === 'li@example.test')).toEqual([{ ...added, language: 'zh-CN', createdAt: now, disabledAt: null }]);
  });

  it.each([
    { name: 'without a name', person: { name: ' ', email: 'a@example.test', role: 'viewer' as const } },
    { name: 'with half an address', person: { name: 'a', email: 'example.test', role: 'viewer' as const } },
    { name: 'with a short password', person: { name: 'a', email: 'a@example.test', role: 'viewer' as const, password: '123456789' } },
  ])('are not added $name', async ({ person }) => {
    expect(await addPerson(fixture.state, person, by)).toMatchObject({ ok: false, code: 'invalid' });
  });

  it('change on record, without passwords in it', async () => {
    const { id } = valueIn(await addPerson(fixture.state, { name: '王', email: 'wang@example.test', role: 'viewer', password: 'a long password' }, by));
    await setPersonRole(fixture.state, { personId: id, role: 'publisher' }, by);
    await setPassword(fixture.state, { personId: id, password: 'another long one' }, by);
    await disablePerson(fixture.state, id, by);
    const records = (await listAudit(fixture.state, { limit: 20 })).filter((record) => record.target === `person/${id}`).reverse();
    expect(records.map((record) => record.action)).toEqual(['person.add', 'person.role', 'person.password', 'person.disable']);
    expect(records[1]).toMatchObject({ before: { role: 'viewer' }, after: { role: 'publisher' } });
    expect(JSON.stringify(records)).not.toMatch(/long|one/);
    expect(await setPersonRole(fixture.state, { personId: 'nobody', role: 'admin' }, by)).toMatchObject({ ok: false, code: 'not-found' });
    expect((await verifyChains(fixture.state)).ok).toBe(true);
  });
});

describe('sign-in links', () => {
  it('sign in once, and only until they expire', async () => {
    const { id } = valueIn(await addPerson(fixture.state, { name: '赵', email: 'zhao@example.test', role: 'viewer' }, by));
    const link = { personId: id, expiresAt: after(now, hour) };
    const token = await createSignInLink(fixture.state, link, by);
    expect(await consumeSignInLink(fixture.state, `${token}x`, now)).toBeNull();
    const uses = await Promise.all([1, 2, 3, 4].map(() => consumeSignInLink(fixture.state, token, now)));
    expect(uses.filter((person) => person !== null)).toMatchObject([{ id }]);
    const late = await createSignInLink(fixture.state, link, by);
    expect(await consumeSignInLink(fixture.state, late, after(now, hour))).toBeNull();
    const closed = await createSignInLink(fixture.state, link, by);
    await disablePerson(fixture.state, id, by);
    expect(await consumeSignInLink(fixture.state, closed, now)).toBeNull();
  });

  it('are kept as a hash only', async () => {
    const { id } = valueIn(await addPerson(fixture.state, { name: '钱', email: 'qian@example.test', role: 'viewer' }, by));
    const token = await createSignInLink(fixture.state, { personId: id, expiresAt: after(now, day) }, by);
    const { rows } = await fixture.state.pool.query('select * from sign_in_link');
    expect(JSON.stringify(rows)).not.toContain(token.slice(5));
  });

  it('at the first start make the first administrator, later only let that one in again', async () => {
    const [one, two] = await Promise.all([1, 2].map(() => createOpeningLink(fixture.state, { expiresAt: after(now, day) }, by)));
    const admin = await firstAdmin(fixture.state);
    expect(await consumeSignInLink(fixture.state, one ?? '', now)).toEqual(admin);
    expect(await consumeSignInLink(fixture.state, two ?? '', now)).toEqual(admin);
    expect((await listPeople(fixture.state)).filter((person) => person.role === 'admin')).toHaveLength(1);
  });
});

describe('tokens', () => {
  it('are shown once, carry their scopes, remember their last use, and end when revoked', async () => {
    const { id, token } = valueIn(await addToken(fixture.state, { name: 'vmalert', scopes: ['read', 'alerts'] }, by));
    expect(token).toMatch(/^fh_[\w-]{43}$/);
    const { rows } = await fixture.state.pool.query('select * from api_token');
    expect(JSON.stringify(rows)).not.toContain(token.slice(3));
    expect(await useToken(fixture.state, token, after(now, minute))).toEqual({ name: 'vmalert', scopes: ['alerts', 'read'] });
    await useToken(fixture.state, token, unixMs(after(now, minute) + 59_000));
    expect(await listTokens(fixture.state)).toEqual([{ id, name: 'vmalert', scopes: ['alerts', 'read'], createdAt: now, lastUsedAt: after(now, minute), revokedAt: null }]);
    expect(await addToken(fixture.state, { name: 'vmalert', scopes: ['read'] }, by)).toMatchObject({ ok: false, code: 'conflict' });
    expect(await revokeToken(fixture.state, id, by)).toMatchObject({ ok: true });
    expect(await useToken(fixture.state, token, now)).toBeNull();
    expect(await revokeToken(fixture.state, id, by)).toMatchObject({ ok: false, code: 'not-found' });
    expect(await addToken(fixture.state, { name: 'vmalert', scopes: ['read'] }, by)).toMatchObject({ ok: true });
  });

  it.each(['', 'fh_', 'fh_guess', 'once_x', "' or 1=1 --"])('do not match "%s"', async (token) => {
    expect(await useToken(fixture.state, token, now)).toBeNull();
  });

  it('need a scope', async () => {
    expect(await addToken(fixture.state, { name: 'none', scopes: [] }, by)).toMatchObject({ ok: false, code: 'invalid' });
    expect(await addToken(fixture.state, { name: 'root', scopes: ['root' as 'read'] }, by)).toMatchObject({ ok: false, code: 'invalid', message: { en: expect.stringContaining('"root"') } });
  });
});
