import { desc, eq, lt } from 'drizzle-orm';
import type { Actor } from '#lib/people.ts';
import { storableJson } from '#lib/storable.ts';
import type { UnixMs } from '#lib/time.ts';
import { appendLink } from './chains.ts';
import { audit } from './schema/people.ts';
import type { State, Tx } from './state.ts';

export interface AuditEntry {
  at: UnixMs;
  actor: Actor;
  /** `token.add`, `silence.create`: the thing and what was done to it. */
  action: string;
  /** What it was done to, as `kind/id`. */
  target: string;
  /** As it was; absent for something new. */
  before?: unknown;
  /** As it is now; absent for something removed. */
  after?: unknown;
}

export interface AuditRecord extends AuditEntry {
  seq: number;
}

/** Records a change in the transaction that makes it. Call it last: records are put in order by a lock. No secrets in `before` and `after`. */
export async function appendAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  const {
    at,
    actor: { kind, id, name },
    action,
    target,
  } = entry;
  const content = { at, actor: { kind, id, name }, action, target, before: plain(entry.before), after: plain(entry.after) };
  const link = await appendLink(tx, 'audit', (seq) => ({ seq, ...content }));
  await tx.insert(audit).values({ ...content, ...link });
}

/** As JSON will give it back, so that the hash of what is stored is the hash of what was said. A bare value gets a name. */
function plain(value: unknown): object | null {
  if (value === undefined || value === null) return null;
  return JSON.parse(storableJson(JSON.stringify(typeof value === 'object' ? value : { value })));
}

/** The newest records, or those before a place in the trail. */
export async function listAudit(state: State, { limit, before }: { limit: number; before?: number }): Promise<AuditRecord[]> {
  return state.read(async (db) => {
    const rows = await db
      .select()
      .from(audit)
      .where(before === undefined ? undefined : lt(audit.seq, before))
      .orderBy(desc(audit.seq))
      .limit(limit);
    return rows.map(({ prevHash: _prev, hash: _hash, ...record }) => record);
  });
}

/** Whether this was ever done. */
export const wasDone = (state: State, action: string): Promise<boolean> =>
  state.read(async (db) => (await db.select({ seq: audit.seq }).from(audit).where(eq(audit.action, action)).limit(1)).length > 0);

/** For writes whose change is not in this store. */
export function auditTrail(state: State): { append(entry: { at: UnixMs; actor: Actor; action: string; subject: string; detail: Record<string, unknown> }): Promise<void> } {
  return {
    append: ({ at, actor, action, subject, detail }) => state.transaction((tx) => appendAudit(tx, { at, actor, action, target: subject, after: detail })),
  };
}
