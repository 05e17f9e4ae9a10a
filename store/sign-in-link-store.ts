import { and, eq, gt, isNull, lt } from 'drizzle-orm';
import type { Person } from '#lib/people.ts';
import { before, day, type UnixMs } from '#lib/time.ts';
import { appendAudit } from './audit.ts';
import { addPerson, type By, firstAdmin } from './people-store.ts';
import { randomToken, tokenHash } from './random-token.ts';
import { person, signInLink } from './schema/people.ts';
import type { State } from './state.ts';

/** Makes a token that signs a person in once, until `expiresAt`. */
export async function createSignInLink(state: State, { personId, expiresAt }: { personId: string; expiresAt: UnixMs }, { actor, at }: By): Promise<string> {
  const { token, hash } = randomToken('once');
  await state.transaction(async (tx) => {
    await tx.delete(signInLink).where(lt(signInLink.expiresAt, before(at, day)));
    await tx.insert(signInLink).values({ hash, personId, createdAt: at, expiresAt });
    await appendAudit(tx, { at, actor, action: 'sign-in-link.create', target: `person/${personId}`, after: { expiresAt } });
  });
  return token;
}

/** Uses a token up and says whom it signs in; null when it is unknown, used, too old, or the account is closed. */
export async function consumeSignInLink(state: State, token: string, now: UnixMs): Promise<Person | null> {
  if (!token.startsWith('once_')) return null;
  const usable = and(eq(signInLink.hash, tokenHash(token)), isNull(signInLink.usedAt), gt(signInLink.expiresAt, now));
  return state.transaction(async (tx) => {
    const [used] = await tx.update(signInLink).set({ usedAt: now }).where(usable).returning({ personId: signInLink.personId });
    if (!used) return null;
    const { id, name, email, role } = person;
    const [found] = await tx
      .select({ id, name, email, role })
      .from(person)
      .where(and(eq(person.id, used.personId), isNull(person.disabledAt)));
    if (!found) return null;
    await appendAudit(tx, { at: now, actor: { kind: 'person', id: found.id, name: found.name }, action: 'sign-in-link.use', target: `person/${found.id}` });
    return found;
  });
}

/** The link printed at start: it belongs to the first administrator, who is made when there is none yet. */
export async function createOpeningLink(state: State, { expiresAt }: { expiresAt: UnixMs }, by: By): Promise<string> {
  const admin = (await firstAdmin(state)) ?? (await makeAdmin(state, by));
  return createSignInLink(state, { personId: admin.id, expiresAt }, by);
}

async function makeAdmin(state: State, by: By): Promise<Person> {
  const made = await addPerson(state, { name: '管理员', email: 'admin@fenghuo.invalid', role: 'admin' }, by);
  if (made.ok) return made.value;
  // Another process starting at the same moment was first.
  const other = await firstAdmin(state);
  if (!other) throw new Error(`the first account could not be made: ${made.message.en}`);
  return other;
}
