import type { CheckResult } from '#collector/check.ts';
import type { CollectorTopics } from '#collector/ports.ts';
import type { Bus } from '#lib/bus.ts';
import type { Clock } from '#lib/clock.ts';
import { type Loop, startLoop } from '#lib/loop.ts';
import { after, type DurationMs, durationMs, type UnixMs } from '#lib/time.ts';
import { forgettable } from './change.ts';
import { endOrphans, judgeAll, look, pausesFor } from './evaluate.ts';
import type { Ledger } from './ledger.ts';
import type { Facts } from './ports.ts';
import { type Provisional, provisional } from './provisional.ts';
import type { ProbeFacts, Rule } from './rules/rule.ts';

export interface EvaluatorParts {
  rules(): readonly Rule[];
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

/** Batches that arrive together are judged together. */
const settleMs = durationMs(20);
/** Log lines never stop coming; rules over windows of a minute gain nothing from being asked for every batch. */
const logsEveryMs = durationMs(2_000);
const tidyEveryMs = 60_000;

/** Evaluates each rule at its interval, and at once when something stored may change what it says. */
export function startEvaluator(parts: EvaluatorParts): Evaluator {
  const { clock, bus, ledger } = parts;
  const nextAt = new Map<string, UnixMs>();
  const lastAt = new Map<string, UnixMs>();
  const errors = new Map<string, string>();
  let tidiedAt = 0;
  let planned: { at: UnixMs; cancel(): void } | null = null;
  const overlay = provisional(parts.facts);
  const loop: Loop = startLoop({ name: 'evaluator', everyMs: durationMs(1_000), clock, onError: parts.onError, run });

  async function run(now: UnixMs): Promise<{ backlog: number; nextInMs: DurationMs }> {
    const due = parts.rules().filter((rule) => (nextAt.get(rule.terms.name) ?? now) <= now);
    const seen = await look(
      due,
      { facts: overlay.facts, now, probe: parts.probe },
      pausesFor({ startedAt: parts.startedAt, pauseMs: parts.pauseMs, now, first: (rule) => !lastAt.has(rule.terms.name) }),
    );
    const names = new Set(parts.rules().map((rule) => rule.terms.name));
    await ledger.transact((state) => {
      const judged = judgeAll(state, seen, now);
      const ended = endOrphans(state, names, now);
      const old = now - tidiedAt >= tidyEveryMs ? forgettable(state, now, parts.keptMs()) : [];
      return { alerts: [...judged.alerts, ...ended.alerts], forgotten: [...judged.forgotten, ...ended.forgotten, ...old], transitions: [...judged.transitions, ...ended.transitions] };
    });
    if (now - tidiedAt >= tidyEveryMs) tidiedAt = now;
    for (const { rule, error } of seen) {
      const { name, intervalMs } = rule.terms;
      lastAt.set(name, now);
      nextAt.set(name, laterTick(nextAt.get(name), intervalMs, now));
      if (error === null) errors.delete(name);
      else if (errors.get(name) !== error) parts.onError(new Error(`rule ${name}: ${error}`));
      if (error !== null) errors.set(name, error);
    }
    return { backlog: 0, nextInMs: durationMs(Math.max(0, (earliest() ?? now + 1_000) - clock.now())) };
  }

  function earliest(): UnixMs | null {
    const times = parts.rules().map((rule) => nextAt.get(rule.terms.name) ?? clock.now());
    const posted = [...ledger.state().alerts.values()].flatMap((alert) => (alert.outside && alert.state !== 'resolved' ? [alert.outside.endsAt] : []));
    const all = [...times, ...posted];
    return all.length === 0 ? null : all.reduce((least, at) => (at < least ? at : least));
  }

  function hasten(isConcerned: (rule: Rule) => boolean, notBeforeMs: DurationMs): void {
    const now = clock.now();
    let soonest: UnixMs | null = null;
    for (const rule of parts.rules()) {
      if (!isConcerned(rule)) continue;
      const at = after(lastAt.get(rule.terms.name) ?? now, notBeforeMs);
      const when = at > now ? at : now;
      if ((nextAt.get(rule.terms.name) ?? now) > when) nextAt.set(rule.terms.name, when);
      soonest = soonest === null || when < soonest ? when : soonest;
    }
    if (soonest === null) return;
    const wakeAt = after(now, durationMs(Math.max(settleMs, soonest - now)));
    if (planned && planned.at <= wakeAt) return;
    planned?.cancel();
    const cancel = clock.after(durationMs(wakeAt - now), () => {
      planned = null;
      loop.nudge();
    });
    planned = { at: wakeAt, cancel };
  }

  const stopListening = listen(bus, { hasten, overlay, isLive: (rule) => [...ledger.state().alerts.values()].some((alert) => alert.rule === rule.terms.name && alert.state !== 'resolved') });
  return {
    health: () => loop.health(),
    nudge() {
      for (const rule of parts.rules()) nextAt.set(rule.terms.name, clock.now());
      loop.nudge();
    },
    nextAt: earliest,
    errors: () => errors,
    async stop() {
      stopListening();
      planned?.cancel();
      await loop.stop();
    },
  };
}

/** The next tick after `now`; a rule that was hastened keeps its interval from now on. */
function laterTick(planned: UnixMs | undefined, intervalMs: DurationMs, now: UnixMs): UnixMs {
  const next = after(planned ?? now, intervalMs);
  return next > now ? next : after(now, intervalMs);
}

interface Listener {
  hasten(isConcerned: (rule: Rule) => boolean, notBeforeMs: DurationMs): void;
  isLive(rule: Rule): boolean;
  overlay: Provisional;
}

function listen(bus: Bus<CollectorTopics>, { hasten, isLive, overlay }: Listener): () => void {
  const none = durationMs(0);
  const concerns = (rule: Rule, results: readonly CheckResult[]) => rule.interest.probes.includes('*') || results.some((result) => rule.interest.probes.includes(result.probeId));
  const stops = [
    // An answer that is late is already slow; the stored result will follow.
    bus.on('checkSlow', ({ result }) => {
      overlay.late(result);
      hasten((rule) => concerns(rule, [result]), none);
    }),
    bus.on('checksStored', ({ results }) => {
      overlay.stored(results);
      // Good results cannot start an alert; they matter to rules that have one.
      const bad = results.filter((result) => result.outcome.kind !== 'pass');
      hasten((rule) => concerns(rule, bad) || (concerns(rule, results) && isLive(rule)), none);
    }),
    bus.on('logsStored', () => hasten((rule) => rule.interest.logs, logsEveryMs)),
    bus.on('samplesStored', ({ metrics }) => hasten((rule) => rule.interest.metrics.some((metric) => metrics.includes(metric)), logsEveryMs)),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
