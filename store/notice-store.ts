import { and, asc, desc, eq, inArray, isNull } from 'drizzle-orm';
import type { Notice, NoticeUpdate } from '#notices/notice.ts';
import type { NoticeCommit, NoticeStore } from '#notices/ports.ts';
import { appendAudit } from './audit.ts';
import { appendLink } from './chains.ts';
import { noticeChainName, noticeContent } from './notice-chain.ts';
import { componentStatus, notice, noticeUpdate } from './schema/notices.ts';
import { CommitUnknown, type State, type Tx } from './state.ts';
import { isDuplicate } from './state-errors.ts';

/** `stale` makes the caller's own error for a conflict; the store knows only types of the capabilities. */
export function createNoticeStore(state: State, { stale }: { stale(id: string): Error }): NoticeStore {
  return {
    commit: (change) => commitOnce(state, change, stale),
    notices: ({ limit }) => state.read(async (db) => withUpdates(db, await db.select().from(notice).orderBy(desc(notice.startedAt), desc(notice.id)).limit(limit))),
    notice: (id) => state.read((db) => oneNotice(db, id)),
    published: (key) =>
      state.read(async (db) => {
        const [row] = await db.select({ id: noticeUpdate.noticeId }).from(noticeUpdate).where(eq(noticeUpdate.key, key));
        return row?.id ?? null;
      }),
    openOfIncident: (incidentId) =>
      state.read(async (db) => {
        const rows = await db
          .select()
          .from(notice)
          .where(and(eq(notice.incidentId, incidentId), isNull(notice.resolvedAt)));
        return (await withUpdates(db, rows))[0] ?? null;
      }),
    statuses: () =>
      state.read(async (db) => {
        const rows = await db.select().from(componentStatus);
        return new Map(rows.map(({ component, ...set }) => [component, set]));
      }),
    setStatus: ({ component, status, actor, at }) =>
      state.transaction(async (tx) => {
        const [before] = await tx.select().from(componentStatus).where(eq(componentStatus.component, component));
        await putStatus(tx, { component, status, at, by: actor });
        await appendAudit(tx, { at, actor, action: 'component.status', target: `component/${component}`, before: { status: before?.status ?? null }, after: { status } });
      }),
  };
}

/** A commit whose answer was lost is looked up: its update either stands in its place or does not. */
async function commitOnce(state: State, change: NoticeCommit, stale: (id: string) => Error): Promise<Notice> {
  try {
    return await state.transaction((tx) => commitNotice(tx, change, stale));
  } catch (error) {
    if (isDuplicate(error)) throw stale(change.notice.id);
    if (!(error instanceof CommitUnknown)) throw error;
    const kept = await state.read((db) => oneNotice(db, change.notice.id));
    const mine = kept?.updates[change.update.seq - 1];
    if (kept && mine?.at === change.update.at && mine.by.id === change.update.by.id) return kept;
    return commitOnce(state, change, stale);
  }
}

async function oneNotice(db: Tx, id: string): Promise<Notice | null> {
  return (await withUpdates(db, await db.select().from(notice).where(eq(notice.id, id))))[0] ?? null;
}

async function withUpdates(db: Tx, rows: (typeof notice.$inferSelect)[]): Promise<Notice[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const updates = await db.select().from(noticeUpdate).where(inArray(noticeUpdate.noticeId, ids)).orderBy(asc(noticeUpdate.seq));
  const byNotice = Map.groupBy(updates, ({ noticeId }) => noticeId);
  return rows.map((row) => ({ ...row, updates: (byNotice.get(row.id) ?? []).map(({ noticeId: _notice, key: _key, ...update }): NoticeUpdate => update) }));
}

async function commitNotice(tx: Tx, { notice: row, isNew, update, key, statuses, actor, at }: NoticeCommit, stale: (id: string) => Error): Promise<Notice> {
  if (isNew) await tx.insert(notice).values(row);
  else await tx.update(notice).set({ resolvedAt: row.resolvedAt }).where(eq(notice.id, row.id));
  const link = await appendLink(tx, noticeChainName(row.id), (seq) => noticeContent({ ...update, seq }));
  if (link.seq !== update.seq) throw stale(row.id);
  await tx.insert(noticeUpdate).values({ ...update, noticeId: row.id, key, ...link });
  for (const { component, status } of statuses) await putStatus(tx, { component, status, at, by: actor });
  await appendAudit(tx, {
    at,
    actor,
    action: isNew ? 'notice.publish' : update.corrects === null ? 'notice.update' : 'notice.correct',
    target: `notice/${row.id}`,
    before: null,
    after: { seq: update.seq, status: update.status, statuses },
  });
  const kept = await oneNotice(tx, row.id);
  if (!kept) throw new Error(`notice ${row.id} is not there after it was written`);
  return kept;
}

async function putStatus(tx: Tx, row: typeof componentStatus.$inferInsert): Promise<void> {
  const { component: _component, ...set } = row;
  await tx.insert(componentStatus).values(row).onConflictDoUpdate({ target: componentStatus.component, set });
}
