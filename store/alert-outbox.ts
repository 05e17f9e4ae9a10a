import { randomUUID } from 'node:crypto';
import { arrayOverlaps, asc, desc, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Delivery, Notification } from '#alerts/notification.ts';
import type { AlertStore, Claim } from '#alerts/ports.ts';
import { iso, type UnixMs, unixMs } from '#lib/time.ts';
import { delivery, notification } from './schema/alerts.ts';
import { type State, type Tx, untilKnown } from './state.ts';

type OutboxHalf = Pick<AlertStore, 'claim' | 'releaseClaims' | 'nextDueAt' | 'record' | 'outbox' | 'deliveries'>;

/** What is owed to operators: queued with the change that owes it, taken by whoever is free, settled with its delivery. */
export function alertOutbox(state: State): OutboxHalf {
  return {
    async claim(question) {
      const holder = randomUUID();
      let again = false;
      return untilKnown(() =>
        state.transaction(async (tx) => {
          const earlier = again ? await claimedBy(tx, holder) : null;
          again = true;
          return earlier ?? claim(tx, question, holder);
        }),
      );
    },
    releaseClaims: () =>
      untilKnown(() =>
        state.transaction(async (tx) => {
          await tx.update(notification).set({ leasedUntil: null }).where(isNull(notification.settledAt));
        }),
      ),
    nextDueAt: () => state.read(nextDueAt),
    record: (attempt, retryAt) => untilKnown(() => state.transaction((tx) => record(tx, attempt, retryAt))),
    outbox: ({ episodes, limit }) =>
      state.read(async (db) => {
        if (episodes.length === 0) return [];
        const rows = await db
          .select()
          .from(notification)
          .where(arrayOverlaps(notification.episodes, [...episodes]))
          .orderBy(desc(notification.seq))
          .limit(limit);
        return rows.map(({ body, state: stands, attempts, dueAt, detail, settledAt }) => ({ notification: body, state: stands, attempts, dueAt, detail, settledAt }));
      }),
    deliveries: ({ notifications }) =>
      state.read(async (db) => {
        if (notifications.length === 0) return [];
        const rows = await db
          .select()
          .from(delivery)
          .where(inArray(delivery.notification, [...notifications]))
          .orderBy(asc(delivery.seq));
        return rows.map(({ seq: _seq, copyBatch: _batch, copied: _copied, ...attempt }) => attempt);
      }),
  };
}

/** A notification decided twice is owed once: its id is what it is about. */
export async function queueNotifications(tx: Tx, notifications: readonly Notification[]): Promise<void> {
  const rows = notifications.map((body) => {
    const { id, thread, receiver, integration, at, alerts } = body;
    return { id, lane: `${thread} ${integration}`, receiver, integration, thread, episodes: alerts.map((alert) => alert.episode), at, body, state: 'queued' as const, dueAt: at };
  });
  await tx.insert(notification).values(rows).onConflictDoNothing({ target: notification.id });
}

/** What an earlier try of the same claim took, whose answer was lost. */
async function claimedBy(tx: Tx, holder: string): Promise<Claim[] | null> {
  const rows = await tx.select({ body: notification.body, attempts: notification.attempts }).from(notification).where(eq(notification.leasedBy, holder)).orderBy(asc(notification.seq));
  return rows.length === 0 ? null : rows.map(({ body, attempts }) => ({ notification: body, attempt: attempts }));
}

async function claim(tx: Tx, { now, limit, leaseMs, except }: Parameters<AlertStore['claim']>[0], holder: string): Promise<Claim[]> {
  const at = iso(now);
  const { rows } = await tx.execute<{ seq: string; attempts: number; body: Notification }>(sql`
    with head as (
      select distinct on (lane) seq from notification where settled_at is null order by lane, seq
    ), taken as (
      select seq from notification
      where seq in (select seq from head) and settled_at is null and due_at <= ${at} and (leased_until is null or leased_until <= ${at})
        and not integration = any(${sql.param([...except])}::text[])
      order by seq limit ${limit} for update skip locked
    )
    update notification set leased_until = ${iso(unixMs(now + leaseMs))}, leased_by = ${holder}, attempts = attempts + 1
    where seq in (select seq from taken)
    returning seq, attempts, body`);
  return rows.sort((a, b) => Number(a.seq) - Number(b.seq)).map(({ body, attempts }) => ({ notification: body, attempt: attempts }));
}

/** Only the first of each lane counts: the others wait for it, however long they have been due. */
async function nextDueAt(db: Tx): Promise<UnixMs | null> {
  const { rows } = await db.execute<{ at: string | null }>(sql`
    select extract(epoch from min(coalesce(leased_until, due_at))) * 1000 as at
    from (select distinct on (lane) leased_until, due_at from notification where settled_at is null order by lane, seq) as head`);
  const at = rows[0]?.at ?? null;
  return at === null ? null : unixMs(Number(at));
}

async function record(tx: Tx, attempt: Delivery, retryAt: UnixMs | null): Promise<void> {
  const { notification: id, receiver, integration, sender, to, at, durationMs, state, detail } = attempt;
  await tx.insert(delivery).values({ notification: id, receiver, integration, sender, to, attempt: attempt.attempt, at, durationMs, state, detail }).onConflictDoNothing();
  const standing = retryAt === null ? { settledAt: at } : { dueAt: retryAt };
  await tx
    .update(notification)
    .set({ state, detail, leasedUntil: null, leasedBy: null, ...standing })
    .where(eq(notification.id, id));
}
