import { systemClock } from '#lib/clock.ts';
import type { Bilingual } from '#lib/text.ts';

/** Where every fixture's time hangs: the moment the fixture server started. */
export const now: number = systemClock.now();
const minute = 60_000;
export const ago = (minutes: number): string => new Date(now - minutes * minute).toISOString();
export const ahead = (minutes: number): string => new Date(now + minutes * minute).toISOString();
export const both = (zh: string, en: string): Bilingual => ({ 'zh-CN': zh, en });

/** A small generator of its own, so pictures repeat. */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

export interface Wave {
  n: number;
  base: number;
  sway: number;
  noise: number;
  seed: number;
  /** From this index on, this much more. */
  jump?: { at: number; by: number };
}

export function wave({ n, base, sway, noise, seed, jump }: Wave): number[] {
  const random = chance(seed);
  return Array.from({ length: n }, (_, index) => {
    const lift = jump && index > jump.at ? jump.by * Math.min(1, (index - jump.at) / 4) * (0.85 + 0.3 * random()) : 0;
    return Math.max(0, base + sway * Math.sin((index / n) * 6.3 - 1) + noise * (random() - 0.5) + lift);
  });
}

/** The last n steps as instants, oldest first. */
export function steps(n: number, stepMs: number): string[] {
  const end = Math.floor(now / stepMs) * stepMs;
  return Array.from({ length: n }, (_, index) => new Date(end - (n - 1 - index) * stepMs).toISOString());
}
