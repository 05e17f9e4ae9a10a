import type { Clock } from '#lib/clock.ts';
import { countFailure, type LoopHealth } from '#lib/loop.ts';
import { type DurationMs, durationMs, type UnixMs } from '#lib/time.ts';
import { type Blame, createBlame } from './blame.ts';
import type { CheckResult } from './check.ts';
import { confirmedBy, elsewhere } from './confirm.ts';
import { isInside } from './maintenance.ts';
import type { CollectorTopics } from './ports.ts';
import type { Look, Probe } from './probes/probe.ts';
import { reach } from './reach.ts';
import { runCheck } from './run-check.ts';
import { due, emptyPlan, nextStart, type Plan, planProbes, type Slot, vantageIds } from './scheduler.ts';
import { localVantage, type Vantage } from './vantage.ts';

/** Where results go; resolves when they will not be lost. */
export interface CheckOutput {
  checks(results: readonly CheckResult[]): Promise<void>;
}

export interface CollectorOptions {
  probes: readonly Probe[];
  vantages: readonly Vantage[];
  output: CheckOutput;
  clock: Clock;
  beats?: Look['beats'];
  artifacts?: Look['artifacts'];
  /** Whether a person says that a probe's target is being worked on. */
  maintained?(probeId: string): boolean;
  /** Moves all starts together, so that two collectors do not knock at the same moment. */
  seed?: number;
  emit?<Topic extends 'checkSlow' | 'checkKept'>(topic: Topic, fact: CollectorTopics[Topic]): void;
  onError(error: unknown): void;
}

export interface Collector {
  /** One check now, outside the schedule and not stored; undefined when there is no such probe. */
  runProbe(id: string, vantageId?: string): Promise<CheckResult | undefined>;
  /** A check of this probe beside its schedule, stored like the others: something has happened it should know of. */
  nudge(id: string): void;
  /** Takes over a new configuration; unchanged probes keep their times. */
  replace(probes: readonly Probe[], vantages: readonly Vantage[]): void;
  health(): LoopHealth;
  /** Ends running checks and resolves when their results are handed over or dropped. */
  stop(): Promise<void>;
}

/** A longer sleep would notice a clock set forward only when it ends. */
const longestSleepMs = durationMs(60_000);

interface Running {
  options: CollectorOptions;
  blame: Blame;
  probes: readonly Probe[];
  vantages: ReadonlyMap<string, Vantage>;
  plan: Plan;
  since: UnixMs;
  busy: Map<string, Promise<void>>;
  /** Results on their way out; the next check does not wait for them. */
  handing: Set<Promise<void>>;
  stopping: AbortController;
  failures: Record<string, number>;
  runs: number;
  lastRunAt: UnixMs | null;
  lastDurationMs: DurationMs | null;
}

/** Starts every probe on time, each never over itself, and hands the results over as they come. */
export function startCollector(options: CollectorOptions): Collector {
  const { clock } = options;
  const look = async (id: string, vantage: Vantage) => (running.probes.some((probe) => probe.id === id) ? runNow(running, { id, vantageId: vantage.id }) : undefined);
  const running: Running = {
    options,
    blame: createBlame({ clock, reach: (address, vantage) => reach(address, vantage, clock), look }),
    probes: options.probes,
    vantages: byId(options.vantages),
    plan: planProbes(fromHere(options.probes, options.vantages), { seed: options.seed ?? 0, before: emptyPlan }),
    since: clock.now(),
    busy: new Map(),
    handing: new Set(),
    stopping: new AbortController(),
    failures: {},
    runs: 0,
    lastRunAt: null,
    lastDurationMs: null,
  };
  let cancel = arm();

  function arm(): () => void {
    const now = clock.now();
    const next = nextStart(running.plan, running.since) ?? now + longestSleepMs;
    return clock.after(durationMs(Math.min(longestSleepMs, Math.max(0, next - now))), wake);
  }

  function wake(): void {
    startDue(running);
    cancel = arm();
  }

  return {
    runProbe: (id, vantageId) => runNow(running, { id, vantageId }),
    nudge(id) {
      if (running.stopping.signal.aborted) return;
      for (const slot of running.plan.rings.flatMap(({ slots }) => slots)) if (slot.probe.id === id && !running.busy.has(slot.key)) start(running, slot);
    },
    replace(probes, vantages) {
      running.plan = planProbes(fromHere(probes, vantages), { seed: options.seed ?? 0, before: running.plan });
      running.probes = probes;
      running.vantages = byId(vantages);
      cancel();
      cancel = arm();
    },
    health: () => ({ name: 'probes', lastRunAt: running.lastRunAt, lastDurationMs: running.lastDurationMs, runs: running.runs, failures: { ...running.failures }, backlog: running.busy.size }),
    async stop() {
      cancel();
      running.stopping.abort(new Error('stopping'));
      await Promise.all(running.busy.values());
      await Promise.all(running.handing);
    },
  };
}

/** Without what is looked at from elsewhere. */
function fromHere(probes: readonly Probe[], vantages: readonly Vantage[]): Probe[] {
  const far = new Set(vantages.filter((vantage) => vantage.far).map(({ id }) => id));
  return probes.flatMap((probe) => {
    const here = probe.vantages.filter((id) => !far.has(id));
    return here.length === probe.vantages.length ? [probe] : here.length > 0 ? [{ ...probe, vantages: here }] : [];
  });
}

const byId = (vantages: readonly Vantage[]): ReadonlyMap<string, Vantage> => new Map([localVantage, ...vantages].map((vantage) => [vantage.id, vantage]));

function startDue(running: Running): void {
  const { clock } = running.options;
  const now = clock.now();
  // A clock set back must not silence the probes until time has caught up.
  if (now < running.since) running.since = now;
  const { starts, missed } = due(running.plan, { since: running.since, now });
  running.since = now;
  running.lastRunAt = now;
  if (missed > 0) count(running, 'start missed', missed);
  for (const { slot } of starts) {
    // Its own last check is still going on: starting another would load a struggling target twice.
    if (running.busy.has(slot.key)) count(running, 'still running', 1);
    else start(running, slot);
  }
}

function start(running: Running, slot: Slot): void {
  const checking = checkSlot(running, slot).finally(() => running.busy.delete(slot.key));
  running.busy.set(slot.key, checking);
}

const count = (running: Running, reason: string, by: number): void => {
  running.failures[reason] = (running.failures[reason] ?? 0) + by;
};

/** The scheduled check and, when it fails, its re-checks; every row is handed over as it happens. */
async function checkSlot(running: Running, { probe, vantageId }: Slot): Promise<void> {
  const { clock, onError } = running.options;
  const vantage = running.vantages.get(vantageId);
  if (!vantage) return count(running, `no vantage ${vantageId}`, 1);
  const { signal } = running.stopping;
  try {
    let failed = await lookOnce(running, { probe, vantage, attempt: 0 });
    for (let attempt = 1; failed && attempt <= probe.confirm.times; attempt++) {
      const other = attempt === 1 ? elsewhere(failed, probe, running.vantages) : undefined;
      const confirmed: CheckResult | null = other ? await lookOnce(running, { probe, vantage: other, attempt, confirms: failed }) : null;
      if (confirmed) continue;
      await clock.sleep(probe.confirm.afterMs, signal);
      failed = await lookOnce(running, { probe, vantage, attempt });
    }
  } catch (error) {
    if (!signal.aborted) onError(error);
  }
}

interface Looking {
  probe: Probe;
  vantage: Vantage;
  attempt: number;
  /** The failure this look from elsewhere is to confirm; what does not confirm it says nothing of that vantage. */
  confirms?: CheckResult;
}

/** One look, judged and handed over; null when it did not fail, or nobody wants to know any more. */
async function lookOnce(running: Running, { probe, vantage, attempt, confirms }: Looking): Promise<CheckResult | null> {
  const { clock, emit, beats, artifacts } = running.options;
  const { signal } = running.stopping;
  const planned = isPlanned(running, probe);
  const onSlow = confirms || planned ? undefined : (provisional: CheckResult) => emit?.('checkSlow', { result: provisional });
  const seen = await runCheck({ probe, vantage, attempt, clock, beats, artifacts, signal, ...(onSlow && { onSlow }) });
  const result = await running.blame.judge(seen, { probe, vantage });
  if (signal.aborted) return null;
  const isFailure = result.outcome.kind === 'fail';
  if (confirms && !isFailure) return null;
  running.runs++;
  running.lastDurationMs = result.durationMs;
  const whole = confirms ? confirmedBy(result, confirms) : result;
  handOver(running, planned ? { ...whole, maintenance: true } : whole);
  return isFailure ? result : null;
}

const isPlanned = ({ options }: Running, { id, maintenance = [] }: Probe): boolean => isInside(maintenance, options.clock.now()) || (options.maintained?.(id) ?? false);

function handOver(running: Running, result: CheckResult): void {
  const { output, onError, emit } = running.options;
  const handing = output
    .checks([result])
    .then(() => {
      if (!result.maintenance) emit?.('checkKept', { result });
    })
    .catch((error: unknown) => {
      countFailure(running.failures, error);
      onError(error);
    })
    .finally(() => running.handing.delete(handing));
  running.handing.add(handing);
}

async function runNow(running: Running, { id, vantageId }: { id: string; vantageId: string | undefined }): Promise<CheckResult | undefined> {
  const probe = running.probes.find((candidate) => candidate.id === id);
  if (!probe) return undefined;
  // What is looked at from here must not bear a far vantage's name.
  const here = vantageIds(probe).find((one) => running.vantages.get(one)?.far !== true);
  const vantage = running.vantages.get(vantageId ?? here ?? localVantage.id) ?? localVantage;
  return runCheck({ probe, vantage, attempt: 0, clock: running.options.clock, beats: running.options.beats, artifacts: running.options.artifacts, signal: running.stopping.signal });
}
