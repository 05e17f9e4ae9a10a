import { randomUUID } from 'node:crypto';
import { and, asc, eq, isNull } from 'drizzle-orm';
import type { Done } from '#lib/done.ts';
import { type Actor, scopes as allScopes, type TokenScope } from '#lib/people.ts';
import { before, minute, type UnixMs } from '#lib/time.ts';
import { appendAudit } from './audit.ts';
import type { By } from './people-store.ts';
import { randomToken, tokenHash } from './random-token.ts';
import { apiToken } from './schema/people.ts';
import type { State } from './state.ts';
import { isDuplicate } from './state-errors.ts';

export interface TokenRecord {
  id: string;
  name: string;
  scopes: TokenScope[];
  createdAt: UnixMs;
  lastUsedAt: UnixMs | null;
  revokedAt: UnixMs | null;
}

/** Makes a bearer token for a program; the token itself is in the answer and nowhere else. */
export async function addToken(state: State, { name, scopes }: { name: string; scopes: readonly TokenScope[] }, { actor, at }: By): Promise<Done<{ id: string; token: string }>> {
  const strange = scopes.find((scope) => !allScopes.includes(scope));
  if (!name.trim() || scopes.length === 0 || strange !== undefined) {
    const list = allScopes.join(', ');
    return {
      ok: false,
      code: 'invalid',
      message: { 'zh-CN': `需要名称和至少一个范围（${list}）`, en: `a name and at least one scope (${list}) are needed${strange ? `, "${strange}" is none` : ''}` },
    };
  }
  const { token, hash } = randomToken('fh');
  const added = { id: randomUUID(), name: name.trim(), scopes: allScopes.filter((scope) => scopes.includes(scope)) };
  try {
    await state.transaction(async (tx) => {
      await tx.insert(apiToken).values({ ...added, hash, createdAt: at });
      await appendAudit(tx, { at, actor, action: 'token.add', target: `token/${added.id}`, after: added });
    });
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return {
      ok: false,
      code: 'conflict',
      message: { 'zh-CN': `已有名为“${added.name}”的令牌，请先吊销或换个名字`, en: `there is already a token named "${added.name}": revoke it first or choose another name` },
    };
  }
  return { ok: true, value: { id: added.id, token } };
}

export async function revokeToken(state: State, id: string, { actor, at }: By): Promise<Done> {
  return state.transaction(async (tx) => {
    const [revoked] = await tx
      .update(apiToken)
      .set({ revokedAt: at })
      .where(and(eq(apiToken.id, id), isNull(apiToken.revokedAt)))
      .returning({ name: apiToken.name });
    if (!revoked) return { ok: false, code: 'not-found', message: { 'zh-CN': '没有这个令牌，或已吊销', en: 'there is no such token, or it is revoked already' } };
    await appendAudit(tx, { at, actor, action: 'token.revoke', target: `token/${id}`, before: revoked });
    return { ok: true, value: undefined };
  });
}

/** The token of this name that is good now. */
export const tokenNamed = (state: State, name: string): Promise<{ id: string } | undefined> =>
  state.read(
    async (db) =>
      (
        await db
          .select({ id: apiToken.id })
          .from(apiToken)
          .where(and(eq(apiToken.name, name), isNull(apiToken.revokedAt)))
      )[0],
  );

/** What a bearer token stands for; null for an unknown or revoked one. Its last use is kept to the minute. */
export async function useToken(state: State, token: string, now: UnixMs): Promise<{ name: string; scopes: TokenScope[] } | null> {
  if (!token.startsWith('fh_')) return null;
  const valid = and(eq(apiToken.hash, tokenHash(token)), isNull(apiToken.revokedAt));
  const [found] = await state.read((db) => db.select().from(apiToken).where(valid));
  if (!found) return null;
  if (found.lastUsedAt === null || found.lastUsedAt < before(now, minute)) await state.db.update(apiToken).set({ lastUsedAt: now }).where(eq(apiToken.id, found.id));
  return { name: found.name, scopes: found.scopes };
}

/** The console's side of it. */
export const tokenDesk = (state: State) => ({
  list: () => listTokens(state),
  add: ({ actor, now, ...token }: { name: string; scopes: readonly TokenScope[]; actor: Actor; now: UnixMs }) => addToken(state, token, { actor, at: now }),
  revoke: ({ id, actor, now }: { id: string; actor: Actor; now: UnixMs }) => revokeToken(state, id, { actor, at: now }),
});

export const listTokens = (state: State): Promise<TokenRecord[]> =>
  state.read(async (db) => (await db.select().from(apiToken).orderBy(asc(apiToken.createdAt), asc(apiToken.id))).map(({ hash: _hash, ...record }) => record));
