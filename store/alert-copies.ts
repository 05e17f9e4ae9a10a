import { randomUUID } from 'node:crypto';
import { and, asc, eq, sql } from 'drizzle-orm';
import type { AlertStore } from '#alerts/ports.ts';
import { alertTransition, delivery } from './schema/alerts.ts';
import type { State, Tx } from './state.ts';

/** Hands transitions and deliveries to the telemetry store in batches that stay the same until one is acknowledged. */
export function alertCopies(state: State): Pick<AlertStore, 'uncopied' | 'markCopied'> {
  return {
    uncopied: (limit) => state.transaction((tx) => openBatch(tx, limit)),
    markCopied: (token) =>
      state.transaction(async (tx) => {
        await tx
          .update(alertTransition)
          .set({ copied: true })
          .where(and(eq(alertTransition.copied, false), eq(alertTransition.copyBatch, token)));
        await tx
          .update(delivery)
          .set({ copied: true })
          .where(and(eq(delivery.copied, false), eq(delivery.copyBatch, token)));
      }),
  };
}

async function openBatch(tx: Tx, limit: number) {
  const { rows } = await tx.execute<{ batch: string | null }>(sql`
    (select copy_batch as batch from alert_transition where not copied order by seq limit 1)
    union all (select copy_batch from delivery where not copied order by seq limit 1)
    order by batch nulls last limit 1`);
  const [open] = rows;
  if (!open) return { token: '', transitions: [], deliveries: [] };
  const token = open.batch ?? (await newBatch(tx, limit));
  const transitions = await tx
    .select()
    .from(alertTransition)
    .where(and(eq(alertTransition.copied, false), eq(alertTransition.copyBatch, token)))
    .orderBy(asc(alertTransition.seq));
  const deliveries = await tx
    .select()
    .from(delivery)
    .where(and(eq(delivery.copied, false), eq(delivery.copyBatch, token)))
    .orderBy(asc(delivery.seq));
  return { token, transitions: transitions.map(uncounted), deliveries: deliveries.map(uncounted) };
}

async function newBatch(tx: Tx, limit: number): Promise<string> {
  const token = randomUUID();
  for (const table of [alertTransition, delivery]) {
    await tx.execute(sql`update ${table} set copy_batch = ${token} where seq in (select seq from ${table} where not copied order by seq limit ${limit} for update skip locked)`);
  }
  return token;
}

function uncounted<Row extends { seq: number; copyBatch: string | null; copied: boolean }>({ seq: _seq, copyBatch: _batch, copied: _copied, ...row }: Row) {
  return row;
}
