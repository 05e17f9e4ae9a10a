import { type SQL, sql } from 'drizzle-orm';
import type { AlertStore } from '#alerts/ports.ts';
import { iso } from '#lib/time.ts';
import { alert, alertDecision, alertTransition, delivery, notification } from './schema/alerts.ts';
import type { State } from './state.ts';

/** Takes out what is over. Messages go before their attempts, which are kept as long as the message is. */
export function alertPrune(state: State): Pick<AlertStore, 'prune'> {
  return {
    prune: ({ before, limit }) =>
      state.transaction(async (tx) => {
        const at = iso(before);
        const take = async (table: SQL, over: SQL): Promise<number> => {
          const { rowCount } = await tx.execute(sql`delete from ${table} where seq in (select seq from ${table} as old where ${over} order by seq limit ${limit})`);
          return rowCount ?? 0;
        };
        return {
          notifications: await take(sql`${notification}`, sql`settled_at < ${at} and not exists (select 1 from ${alert} as known where known.episode = any(old.episodes))`),
          deliveries: await take(sql`${delivery}`, sql`at < ${at} and copied and not exists (select 1 from ${notification} as kept where kept.id = old.notification)`),
          transitions: await take(sql`${alertTransition}`, sql`at < ${at} and copied and not exists (select 1 from ${alert} as known where known.episode = old.episode)`),
          decisions: await take(sql`${alertDecision}`, sql`at < ${at}`),
        };
      }),
  };
}
