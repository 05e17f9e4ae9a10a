import { randomUUID } from 'node:crypto';
import { and, asc, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import type { Done } from '#lib/done.ts';
import { type Actor, type Person, type PersonRole, roles } from '#lib/people.ts';
import type { Language } from '#lib/text.ts';
import type { UnixMs } from '#lib/time.ts';
import { appendAudit } from './audit.ts';
import { account, session } from './schema/auth.ts';
import { person } from './schema/people.ts';
import type { State, Tx } from './state.ts';
import { isDuplicate } from './state-errors.ts';

/** Who makes the change, and when. */
export interface By {
  actor: Actor;
  at: UnixMs;
}

export interface NewPerson {
  name: string;
  email: string;
  role: PersonRole;
  language?: Language;
  /** Without one the person signs in by link. */
  password?: string;
}

export type PersonRecord = Person & { language: Language | null; createdAt: UnixMs; disabledAt: UnixMs | null };

/** The shell of the machine is trusted: who can run commands there may add people and tokens. */
export const shellActor: Actor = { kind: 'system', id: 'shell', name: 'fenghuo' };

const shortest = 10;

export async function addPerson(state: State, fresh: NewPerson, { actor, at }: By): Promise<Done<Person>> {
  const refusal = refuse(fresh);
  if (refusal) return refusal;
  const { name, role, language = null } = fresh;
  const added: Person = { id: randomUUID(), name: name.trim(), email: fresh.email.trim().toLowerCase(), role };
  const hash = fresh.password === undefined ? null : await hashOf(fresh.password);
  try {
    await state.transaction(async (tx) => {
      await tx.insert(person).values({ ...added, language, createdAt: at, updatedAt: at });
      if (hash !== null) await keepPassword(tx, { id: added.id, hash, at });
      await appendAudit(tx, { at, actor, action: 'person.add', target: `person/${added.id}`, after: { ...added, language } });
    });
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return { ok: false, code: 'conflict', message: { 'zh-CN': `${added.email} 已有账号`, en: `there is already an account for ${added.email}` } };
  }
  return { ok: true, value: added };
}

function refuse({ name, email, role, password }: NewPerson): Extract<Done, { ok: false }> | null {
  const no = (zh: string, en: string) => ({ ok: false, code: 'invalid', message: { 'zh-CN': zh, en } }) as const;
  if (!name.trim()) return no('姓名不能为空', 'a name is needed');
  if (!z.email().safeParse(email.trim()).success) return no(`“${email}”不是邮箱地址`, `"${email}" is not a mail address`);
  if (!roles.includes(role)) return no(`角色只能是 ${roles.join('、')}`, `the role must be one of ${roles.join(', ')}`);
  if (password !== undefined && password.length < shortest) return no(`密码至少 ${shortest} 个字符`, `a password needs at least ${shortest} characters`);
  return null;
}

/** A new password ends every session that was opened with the old one. */
export async function setPassword(state: State, { personId, password }: { personId: string; password: string }, { actor, at }: By): Promise<Done> {
  if (password.length < shortest) return { ok: false, code: 'invalid', message: { 'zh-CN': `密码至少 ${shortest} 个字符`, en: `a password needs at least ${shortest} characters` } };
  const hash = await hashOf(password);
  return state.transaction(async (tx) => {
    if (!(await lockPerson(tx, personId))) return unknownPerson;
    await keepPassword(tx, { id: personId, hash, at });
    await tx.delete(session).where(eq(session.userId, personId));
    await appendAudit(tx, { at, actor, action: 'person.password', target: `person/${personId}` });
    return { ok: true, value: undefined };
  });
}

export async function setPersonRole(state: State, { personId, role }: { personId: string; role: PersonRole }, { actor, at }: By): Promise<Done> {
  return state.transaction(async (tx) => {
    const before = await lockPerson(tx, personId);
    if (!before) return unknownPerson;
    await tx.update(person).set({ role, updatedAt: at }).where(eq(person.id, personId));
    await appendAudit(tx, { at, actor, action: 'person.role', target: `person/${personId}`, before: { role: before.role }, after: { role } });
    return { ok: true, value: undefined };
  });
}

/** Closes an account: its sessions end at once; what the person did stays on record. */
export async function disablePerson(state: State, personId: string, { actor, at }: By): Promise<Done> {
  return state.transaction(async (tx) => {
    if (!(await lockPerson(tx, personId))) return unknownPerson;
    await tx.update(person).set({ disabledAt: at, updatedAt: at }).where(eq(person.id, personId));
    await tx.delete(session).where(eq(session.userId, personId));
    await appendAudit(tx, { at, actor, action: 'person.disable', target: `person/${personId}`, after: { disabledAt: at } });
    return { ok: true, value: undefined };
  });
}

export const listPeople = (state: State): Promise<PersonRecord[]> =>
  state.read(async (db) => (await db.select().from(person).orderBy(asc(person.createdAt), asc(person.id))).map(({ updatedAt: _updated, ...record }) => record));

/** The longest-standing administrator who may sign in: the one a fresh installation's link is for. */
export async function firstAdmin(state: State): Promise<Person | null> {
  const { id, name, email, role } = person;
  const enabled = and(eq(person.role, 'admin'), isNull(person.disabledAt));
  const [found] = await state.read((db) => db.select({ id, name, email, role }).from(person).where(enabled).orderBy(asc(person.createdAt), asc(person.id)).limit(1));
  return found ?? null;
}

const unknownPerson: Done = { ok: false, code: 'not-found', message: { 'zh-CN': '没有这个账号', en: 'there is no such account' } };

async function lockPerson(tx: Tx, id: string) {
  const [found] = await tx.select().from(person).where(eq(person.id, id)).for('update');
  return found;
}

async function keepPassword(tx: Tx, { id, hash, at }: { id: string; hash: string; at: UnixMs }): Promise<void> {
  const now = new Date(at);
  await tx
    .insert(account)
    .values({ id: randomUUID(), userId: id, providerId: 'credential', accountId: id, password: hash, createdAt: now, updatedAt: now })
    .onConflictDoUpdate({ target: [account.providerId, account.accountId], set: { password: hash, updatedAt: now } });
}

/** Loaded only when a password is set: the sign-in library is not needed for anything else the shell does. */
async function hashOf(password: string): Promise<string> {
  const { hashPassword } = await import('better-auth/crypto');
  return hashPassword(password);
}
