import { type DurationMs, type UnixMs, unixMs } from './time.ts';

/** The only door to wall time, timers and chance; everything else is handed `now` or a `Clock`. */
export interface Clock {
  now(): UnixMs;
  /** Monotonic milliseconds with a fraction, for measuring how long something took. */
  elapsed(): number;
  /** Calls `task` once after `wait`; the returned function cancels it. A pending call keeps the process alive. */
  after(wait: DurationMs, task: () => void): () => void;
  /** Resolves after `wait`; rejects with the signal's reason when it is aborted first. */
  sleep(wait: DurationMs, signal?: AbortSignal): Promise<void>;
  /** A number in [0, 1) for jitter. */
  chance(): number;
}

export const systemClock: Clock = {
  now: () => unixMs(Date.now()),
  elapsed: () => performance.now(),
  after(wait, task) {
    const timer = setTimeout(task, wait);
    return () => clearTimeout(timer);
  },
  sleep(wait, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve();
      }, wait);
      signal?.addEventListener('abort', stop, { once: true });
    });
  },
  chance: () => Math.random(),
};

/** A clock that moves only when told to; timers fire in order of their time. */
export interface VirtualClock extends Clock {
  /** Moves time forward to `at`, running every timer due on the way and letting promises settle between them. */
  advanceTo(at: UnixMs): Promise<void>;
  advance(span: DurationMs): Promise<void>;
}

export function virtualClock(start: UnixMs = unixMs(0), seed = 1): VirtualClock {
  let now = start;
  let state = seed;
  const timers = new Set<{ at: UnixMs; task: () => void }>();
  const clock: VirtualClock = {
    now: () => now,
    elapsed: () => now,
    after(wait, task) {
      const timer = { at: unixMs(now + Math.max(0, wait)), task };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    sleep(wait, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const cancel = clock.after(wait, resolve);
        signal?.addEventListener(
          'abort',
          () => {
            cancel();
            reject(signal.reason);
          },
          { once: true },
        );
      });
    },
    chance() {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    },
    async advanceTo(at) {
      for (;;) {
        await settle();
        const next = [...timers].filter((timer) => timer.at <= at).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        timers.delete(next);
        now = next.at;
        next.task();
      }
      now = at;
      await settle();
    },
    advance: (span) => clock.advanceTo(unixMs(now + span)),
  };
  return clock;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
