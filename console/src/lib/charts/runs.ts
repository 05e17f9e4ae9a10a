import type { State } from '#console/api/views.ts';

export interface Run {
  state: State;
  from: number;
  length: number;
}

/** Neighbouring equal cells as one bar. */
export function runs(cells: readonly State[]): Run[] {
  const found: Run[] = [];
  cells.forEach((state, index) => {
    const last = found.at(-1);
    if (last?.state === state) last.length++;
    else found.push({ state, from: index, length: 1 });
  });
  return found;
}
