import type { State } from '#console/api/views.ts';

export interface Order {
  key: string;
  /** Largest first. */
  down: boolean;
}

/** Trouble first when sorted ascending. */
export const stateRank: Readonly<Record<State, number>> = { down: 0, slow: 1, unknown: 2, maintenance: 3, ok: 4 };

/** A sorted copy; unknown values come last whichever way. */
export function sorted<T>(rows: readonly T[], by: (row: T) => number | string | null, down: boolean): T[] {
  return [...rows].sort((a, b) => {
    const [left, right] = [by(a), by(b)];
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
    const order = typeof left === 'string' || typeof right === 'string' ? String(left).localeCompare(String(right), 'zh-CN') : left - right;
    return down ? -order : order;
  });
}

/** A click on a heading: first that order, then the other way, then as it came. */
export function nextOrder(order: Order | null, key: string, numeric: boolean): Order | null {
  if (order?.key !== key) return { key, down: numeric };
  return order.down === numeric ? { key, down: !numeric } : null;
}
