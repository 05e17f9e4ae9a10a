import type { Clock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';

/** Room for bodies that are being read, unpacked and written: who finds none waits a moment, and then has to come back later. */
export interface Admission {
  /** Null when there was no room; else what gives it back. */
  enter(bytes: number): Promise<(() => void) | null>;
}

const patience = durationMs(2_000);

export function createAdmission({ mostBytes, clock }: { mostBytes: number; clock: Clock }): Admission {
  let used = 0;
  const waiting: { bytes: number; admit(): void }[] = [];
  const fits = (bytes: number): boolean => used === 0 || used + bytes <= mostBytes;
  const leave = (bytes: number): (() => void) => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      used -= bytes;
      // In their order, or a large one would wait for ever behind small ones.
      for (let next = waiting[0]; next && fits(next.bytes); next = waiting[0]) {
        waiting.shift();
        next.admit();
      }
    };
  };
  return {
    enter(bytes) {
      if (waiting.length === 0 && fits(bytes)) {
        used += bytes;
        return Promise.resolve(leave(bytes));
      }
      return new Promise((resolve) => {
        const cancel = clock.after(patience, () => {
          waiting.splice(waiting.indexOf(one), 1);
          resolve(null);
        });
        const one = {
          bytes,
          admit() {
            cancel();
            used += bytes;
            resolve(leave(bytes));
          },
        };
        waiting.push(one);
      });
    },
  };
}
