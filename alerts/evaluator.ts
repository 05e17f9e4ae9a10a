import type { CheckResult } from '#collector/check.ts';
import type { CollectorTopics } from '#collector/ports.ts';
import type { Bus } from '#lib/bus.ts';
import type { Clock } from '#lib/clock.ts';
import { type Loop, startLoop } from '#lib/loop.ts';
import { after, between, type DurationMs, durationMs, type UnixMs, unixMs } from '#lib/time.ts';
import { forgettable } from './change.ts';
import { endOrphans, judgeAll, look, pausesFor, type Seen } from './evaluate.ts';
import type { Ledger } from './ledger.ts';
import type { Facts } from './ports.ts';
import { type Provisional, provisional } from './provisional.ts';
import { ruleClock } from './rule-clock.ts';
import type { ProbeFacts, Rule } from './rules/rule.ts';

export interface EvaluatorParts {
  name: string;
  rules(): readonly Rule[];
  /** Names of all rules, also of those another evaluator looks after: an alert of any other name is an orphan. */
  names(): ReadonlySet<string>;
  facts: Facts;
  probe(id: string): ProbeFacts | undefined;
  ledger: Ledger;
  clock: Clock;
  bus: Bus<CollectorTopics>;
  /** When this process took over, and how long nobody was at work before. */
  startedAt: UnixMs;
  pauseMs: DurationMs;
  keptMs(): DurationMs;
  onError(error: unknown): void;
}

export interface Evaluator extends Loop {
  nextAt(): UnixMs | null;
  /** Rules that could not look the last time, and why. */
  errors(): ReadonlyMap<string, string>;
}

/** How soon a rule looks after something was stored: so long for what arrives together, and not nearer than the gap to the last time. */
interface Haste {
  settleMs: DurationMs;
  gapMs: DurationMs;
}
const atOnce: Haste = { settleMs: durationMs(5), gapMs: durationMs(0) };
/** Log lines never stop coming, and every file brings its own batch on the same beat; rules over windows of a minute gain nothing from being asked for each. */
const whenSettled: Haste = { settleMs: durationMs(300), gapMs: durationMs(2_000) };
const tidyEveryMs = durationMs(60_000);

/** Evaluates each rule at its interval, and at once when something stored may change what it says. */
export function startEvaluator(parts: EvaluatorParts): Evaluator {
  const { clock, ledger, rules, onError } = parts;
  const times = ruleClock();
  const overlay = provisional(parts.facts);
  const errors = new Map<string, string>();
  let tidiedAt = unixMs(0);
  const loop: Loop = startLoop({ name: parts.name, everyMs: durationMs(1_000), clock, onError, run });
  const wake = waker(clock, () => loop.nudge());

  async function run(now: UnixMs): Promise<{ backlog: number; nextInMs: DurationMs }> {
    const pauses = pausesFor({ startedAt: parts.startedAt, pauseMs: parts.pauseMs, now, first: times.isFirst });
    const seen = await look(times.due(rules(), now), { facts: overlay.facts, now, probe: parts.probe }, pauses);
    const tidies = between(tidiedAt, now) >= tidyEveryMs;
    await commit(parts, seen, { now, tidies });
    if (tidies) tidiedAt = now;
    for (const one of seen) {
      times.evaluated(one.rule, now);
      note(errors, one, onError);
    }
    return { backlog: 0, nextInMs: durationMs(Math.max(0, between(clock.now(), earliest() ?? after(now, durationMs(1_000))))) };
  }

  function earliest(): UnixMs | null {
    const posted = [...ledger.state().alerts.values()].flatMap((alert) => (alert.outside && alert.state !== 'resolved' ? [alert.outside.endsAt] : []));
    const next = times.earliest(rules(), clock.now());
    return posted.length === 0 ? next : unixMs(Math.min(...posted, next ?? Number.POSITIVE_INFINITY));
  }

  function hasten(isConcerned: (rule: Rule) => boolean, { gapMs, settleMs }: Haste): void {
    const from = after(clock.now(), settleMs);
    for (const rule of rules()) if (isConcerned(rule)) wake.at(times.hasten(rule, gapMs, from));
  }

  const isLive = (rule: Rule) => [...ledger.state().alerts.values()].some((alert) => alert.rule === rule.terms.name && alert.state !== 'resolved');
  const stopListening = listen(parts.bus, { hasten, overlay, isLive });
  return {
    health: () => loop.health(),
    nudge() {
      for (const rule of rules()) times.hasten(rule, durationMs(0), clock.now());
      loop.nudge();
    },
    nextAt: earliest,
    errors: () => errors,
    async stop() {
      stopListening();
      wake.cancel();
      await loop.stop();
    },
  };
}

/** Everything a round found out, in one change. */
async function commit({ ledger, names, keptMs }: EvaluatorParts, seen: readonly Seen[], { now, tidies }: { now: UnixMs; tidies: boolean }): Promise<void> {
  await ledger.transact((state) => {
    const judged = judgeAll(state, seen, now);
    const ended = endOrphans(state, names(), now);
    const old = tidies ? forgettable(state, now, keptMs()) : [];
    return { alerts: [...judged.alerts, ...ended.alerts], forgotten: [...judged.forgotten, ...ended.forgotten, ...old], transitions: [...judged.transitions, ...ended.transitions] };
  });
}

/** A rule that cannot look is said once for each reason, not at every evaluation. */
function note(errors: Map<string, string>, { rule, error }: Seen, onError: (error: unknown) => void): void {
  const { name } = rule.terms;
  if (error === null) errors.delete(name);
  else if (errors.get(name) !== error) {
    errors.set(name, error);
    onError(new Error(`rule ${name}: ${error}`));
  }
}

/** One timer for the earliest of many wishes. */
function waker(clock: Clock, ring: () => void): { at(when: UnixMs): void; cancel(): void } {
  let planned: { at: UnixMs; cancel(): void } | null = null;
  return {
    at(when) {
      const now = clock.now();
      const wanted = unixMs(Math.max(when, now));
      if (planned && planned.at <= wanted) return;
      planned?.cancel();
      const cancel = clock.after(between(now, wanted), () => {
        planned = null;
        ring();
      });
      planned = { at: wanted, cancel };
    },
    cancel: () => planned?.cancel(),
  };
}

interface Listener {
  hasten(isConcerned: (rule: Rule) => boolean, haste: Haste): void;
  isLive(rule: Rule): boolean;
  overlay: Provisional;
}

function listen(bus: Bus<CollectorTopics>, { hasten, isLive, overlay }: Listener): () => void {
  const concerns = concerning();
  /** What a rule may make an alert of; a good result cannot start one. */
  const bad = (rule: Rule, results: readonly CheckResult[]) => results.filter(({ outcome: { kind } }) => kind !== 'pass' && (kind !== 'slow' || rule.interest.slowIsGood !== true));
  const early = (result: CheckResult): void => {
    overlay.seen(result);
    if (result.outcome.kind !== 'pass') hasten((rule) => concerns(rule, bad(rule, [result])), atOnce);
  };
  const stops = [
    // An answer that is late is already slow, and a failure on disk is already one; the stored result will follow.
    bus.on('checkSlow', ({ result }) => early(result)),
    // A pass is known as well: without it two failures around it would look like two in a row.
    bus.on('checkKept', ({ result }) => early(result)),
    bus.on('checksStored', ({ results }) => {
      overlay.stored(results);
      // Any result matters to a rule that has an alert.
      hasten((rule) => concerns(rule, bad(rule, results)) || (concerns(rule, results) && isLive(rule)), atOnce);
    }),
    bus.on('logsStored', () => hasten((rule) => rule.interest.logs, whenSettled)),
    bus.on('samplesStored', ({ metrics }) => hasten((rule) => rule.interest.metrics.some((metric) => metrics.includes(metric)), whenSettled)),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Whether a rule watches a probe of these results; it may watch thousands, and results come all the time. */
function concerning(): (rule: Rule, results: readonly CheckResult[]) => boolean {
  const watched = new WeakMap<Rule, ReadonlySet<string>>();
  return (rule, results) => {
    if (results.length === 0) return false;
    let probes = watched.get(rule);
    if (!probes) {
      probes = new Set(rule.interest.probes);
      watched.set(rule, probes);
    }
    return probes.has('*') || results.some(({ probeId }) => probes.has(probeId));
  };
}
