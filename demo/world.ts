import type { Clock } from '#lib/clock.ts';
import { type Captchas, createCaptchas } from './captchas.ts';
import { createFaults, type Faults } from './faults.ts';
import { type Invoice, makeInvoices } from './invoices.ts';
import { type Random, seeded } from './random.ts';

/** Everything the fictional service knows. */
export interface World {
  clock: Clock;
  random: Random;
  faults: Faults;
  captchas: Captchas;
  invoices: readonly Invoice[];
  byNumber: ReadonlyMap<string, Invoice>;
  /** Token → user, newest last. */
  sessions: Map<string, string>;
}

export function createWorld({ clock, seed }: { clock: Clock; seed: number }): World {
  const random = seeded(seed);
  const invoices = makeInvoices(seed, 500);
  return {
    clock,
    random,
    faults: createFaults(clock),
    captchas: createCaptchas({ clock, random }),
    invoices,
    byNumber: new Map(invoices.map((invoice) => [invoice.number, invoice])),
    sessions: new Map(),
  };
}

export const userCount = 2_000;
/** `user_0042` of the simulated users; the journey's own user is `demo`. */
export const userName = (index: number): string => `user_${String(index).padStart(4, '0')}`;
export const passwordOf = (user: string): string | undefined => (user === 'demo' || /^user_\d{4}$/.test(user) ? `演示-${user}` : undefined);
