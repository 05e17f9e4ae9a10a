import type { Clock } from './clock.ts';
import { type DurationMs, durationMs, type UnixMs } from './time.ts';

/** The four facts every loop reports about itself: last run, duration, failures by reason, backlog. */
export interface LoopHealth {
  name: string;
  lastRunAt: UnixMs | null;
  lastDurationMs: DurationMs | null;
  runs: number;
  failures: Readonly<Record<string, number>>;
  backlog: number;
}

export interface Loop {
  health(): LoopHealth;
  /** Runs as soon as the current run (if any) is over, without waiting for the interval. */
  nudge(): void;
  /** Resolves when no run is going on and none will start. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  name: string;
  everyMs: DurationMs;
  clock: Clock;
  /** One round; returns how much is left to do, and when the next round is wanted if not after `everyMs`. A thrown error is counted by its message and said through `onError`. */
  run(now: UnixMs): Promise<{ backlog: number; nextInMs?: DurationMs }>;
  onError(error: unknown): void;
}

/** Messages may carry numbers and names; only so many different ones are told apart. */
const mostReasons = 30;

/** Counts a failure by its message. */
export function countFailure(failures: Record<string, number>, error: unknown): void {
  const said = (error instanceof Error ? error.message : String(error)).slice(0, 120);
  const reason = said in failures || Object.keys(failures).length < mostReasons ? said : 'other';
  failures[reason] = (failures[reason] ?? 0) + 1;
}

/** Runs `run` at an interval, never two at once; an error in one round does not end the loop. */
export function startLoop({ name, everyMs, clock, run, onError }: LoopOptions): Loop {
  const failures: Record<string, number> = {};
  const health = { name, lastRunAt: null as UnixMs | null, lastDurationMs: null as DurationMs | null, runs: 0, backlog: 0 };
  let stopped = false;
  let again = false;
  let current: Promise<void> | undefined;
  let cancel = () => {};
  let waitMs = everyMs;

  async function round(): Promise<void> {
    waitMs = everyMs;
    const startedAt = clock.elapsed();
    health.lastRunAt = clock.now();
    try {
      const done = await run(clock.now());
      health.backlog = done.backlog;
      waitMs = done.nextInMs ?? everyMs;
    } catch (error) {
      countFailure(failures, error);
      onError(error);
    }
    health.runs++;
    health.lastDurationMs = durationMs(clock.elapsed() - startedAt);
  }

  function start(): void {
    cancel();
    if (stopped) return;
    again = false;
    current = round().finally(() => {
      current = undefined;
      if (stopped) return;
      if (again) start();
      else cancel = clock.after(waitMs, start);
    });
  }

  start();
  return {
    health: () => ({ ...health, failures: { ...failures } }),
    nudge() {
      if (current) again = true;
      else start();
    },
    async stop() {
      stopped = true;
      cancel();
      await current;
    },
  };
}
