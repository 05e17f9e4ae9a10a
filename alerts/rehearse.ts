import { type VirtualClock, virtualClock } from '#lib/clock.ts';
import { after, type DurationMs, durationMs, type UnixMs, unixMs } from '#lib/time.ts';
import type { Alert } from './alert.ts';
import { nextFlushAt } from './dispatcher.ts';
import { judgeAll, look, pausesFor } from './evaluate.ts';
import { type Ledger, openLedger, pauseBefore } from './ledger.ts';
import type { Matcher } from './matcher.ts';
import { memoryFacts, type Telemetry } from './memory-facts.ts';
import { memoryAlertStore } from './memory-store.ts';
import type { Notification } from './notification.ts';
import type { AlertingPlan } from './plan.ts';
import type { AlertStore } from './ports.ts';
import type { Rule } from './rules/rule.ts';
import { putSilence } from './silence.ts';

/** A stretch of virtual time run through the production hearts. */
export interface Rehearsal {
  rules: readonly Rule[];
  plan: AlertingPlan;
  telemetry: Telemetry;
  evaluationIntervalMs: DurationMs;
  silences: readonly { at: DurationMs; until: DurationMs; matchers: readonly Matcher[]; comment: string }[];
  restarts: readonly { at: DurationMs; down: DurationMs }[];
  /** Instants at which somebody wants to know how things stand. */
  questions: readonly UnixMs[];
  until: UnixMs;
}

export interface Rehearsed {
  /** The alerts as they stood at each question. */
  answers: ReadonlyMap<UnixMs, readonly Alert[]>;
  notifications: readonly Notification[];
}

interface World {
  rehearsal: Rehearsal;
  clock: VirtualClock;
  store: AlertStore;
  ledger: Ledger;
  notifications: Notification[];
  startedAt: UnixMs;
  pauseMs: DurationMs;
  looked: Set<string>;
}

export async function rehearse(rehearsal: Rehearsal): Promise<Rehearsed> {
  const world = await begin(rehearsal);
  const answers = new Map<UnixMs, readonly Alert[]>();
  for (let now: UnixMs | null = unixMs(0); now !== null; now = nextInstant(world, now)) {
    await world.clock.advanceTo(now);
    await instant(world, now);
    if (rehearsal.questions.includes(now)) answers.set(now, [...world.ledger.state().alerts.values()]);
  }
  return { answers, notifications: world.notifications };
}

async function begin(rehearsal: Rehearsal): Promise<World> {
  const clock = virtualClock();
  const store = memoryAlertStore();
  const notifications: Notification[] = [];
  const ledger = await start({ rehearsal, clock, store, notifications });
  return { rehearsal, clock, store, ledger, notifications, startedAt: unixMs(0), pauseMs: durationMs(0), looked: new Set() };
}

function start({ rehearsal, clock, store, notifications }: Pick<World, 'rehearsal' | 'clock' | 'store' | 'notifications'>): Promise<Ledger> {
  return openLedger({ store, plan: rehearsal.plan, clock, dispatching: true, onCommit: (change) => void notifications.push(...change.notifications) });
}

/** Everything that happens at one instant: silences, a restart, an evaluation or a dispatch. */
async function instant(world: World, now: UnixMs): Promise<void> {
  const { rehearsal } = world;
  const ended = rehearsal.restarts.find((restart) => unixMs(restart.at + restart.down) === now);
  if (ended) await comeBack(world, now);
  if (isDown(rehearsal, now)) return;
  for (const [index, silence] of rehearsal.silences.entries()) if (unixMs(silence.at) === now) await silenceNow(world, { index, now });
  if (now % rehearsal.evaluationIntervalMs === 0) await evaluate(world, now);
  else await world.ledger.transact(() => ({}));
  // Going down is the last thing that happens at its instant, so the evaluation planned for it still takes place.
  if (rehearsal.restarts.some((restart) => unixMs(restart.at) === now)) await world.ledger.transact(() => ({ aliveAt: now }));
}

const isDown = (rehearsal: Rehearsal, now: UnixMs): boolean => rehearsal.restarts.some((restart) => now > restart.at && now < restart.at + restart.down);

/** Nothing survives but what was committed. */
async function comeBack(world: World, now: UnixMs): Promise<void> {
  world.ledger = await start(world);
  world.startedAt = now;
  world.pauseMs = pauseBefore(world.ledger.state(), now);
  world.looked = new Set();
}

async function evaluate(world: World, now: UnixMs): Promise<void> {
  const { rehearsal, ledger, looked, startedAt, pauseMs } = world;
  const due = rehearsal.rules.map((rule) => ({ ...rule, terms: { ...rule.terms, intervalMs: rehearsal.evaluationIntervalMs } }));
  const seen = await look(due, { facts: memoryFacts(rehearsal.telemetry), now, probe: () => undefined }, pausesFor({ startedAt, pauseMs, now, first: (rule) => !looked.has(rule.terms.name) }));
  for (const rule of due) looked.add(rule.terms.name);
  await ledger.transact((state) => judgeAll(state, seen, now));
}

async function silenceNow(world: World, { index, now }: { index: number; now: UnixMs }): Promise<void> {
  const silence = world.rehearsal.silences[index];
  if (!silence) return;
  await world.ledger.transact((state) => {
    const answer = putSilence(
      state.silences,
      { matchers: silence.matchers, startsAt: now, endsAt: unixMs(silence.until), createdBy: 'test', comment: silence.comment },
      { now, newId: `silence-${index}` },
    );
    if (!answer.ok) throw new Error(`silences[${index}]: ${answer.message}`);
    return { silences: answer.changed };
  });
}

function nextInstant({ rehearsal, ledger }: World, now: UnixMs): UnixMs | null {
  const flush = isDown(rehearsal, after(now, durationMs(1))) ? null : nextFlushAt(ledger.state().groups.values());
  const evaluation = (Math.floor(now / rehearsal.evaluationIntervalMs) + 1) * rehearsal.evaluationIntervalMs;
  const known = [evaluation, ...rehearsal.questions, ...rehearsal.silences.map((silence) => silence.at), ...rehearsal.restarts.flatMap((restart) => [restart.at, restart.at + restart.down])];
  const later = [...known, ...(flush === null ? [] : [Math.max(flush, now + 1)])].filter((at) => at > now && at <= rehearsal.until);
  return later.length === 0 ? null : unixMs(Math.min(...later));
}
