import { type Loop, type LoopHealth, startLoop } from '#lib/loop.ts';
import { type DurationMs, durationMs, type UnixMs, unixMs } from '#lib/time.ts';
import { nextFlushAt } from './dispatcher.ts';
import { type Evaluator, startEvaluator } from './evaluator.ts';
import { type Ledger, pauseBefore } from './ledger.ts';
import { type OpenIntegration, type Outbox, startOutbox } from './outbox.ts';
import { allIntegrations } from './plan.ts';
import type { AlertChange } from './ports.ts';
import { type Pruner, startPruner } from './pruner.ts';
import type { ProbeFacts, Rule } from './rules/rule.ts';
import type { SenderWorld } from './senders/sender.ts';
import type { AlertsParts, AlertsSettings } from './start.ts';

export interface LeadParts extends Omit<AlertsParts, 'settings'> {
  ledger: Ledger;
  settings(): AlertsSettings;
  probe(id: string): ProbeFacts | undefined;
  keptMs(): DurationMs;
}

/** The work only one process does: evaluating, dispatching, sending, copying. */
export interface Lead {
  leads(): boolean;
  committed(change: AlertChange): void;
  nextEvaluationAt(): UnixMs | null;
  ruleErrors(): ReadonlyMap<string, string>;
  /** Rows of old alerts taken out since this process leads. */
  pruned(): number;
  health(): LoopHealth[];
  nudge(): void;
  /** Opens the channels of a new configuration. */
  reopen(): Promise<void>;
  stop(): Promise<void>;
}

interface Workers {
  /** Probe rules have one of their own: a slow question about logs must not hold up a failed check. */
  evaluators: readonly Evaluator[];
  dispatcher: Loop;
  outbox: Outbox;
  copier: Loop;
  pruner: Pruner;
  channels: Map<string, OpenIntegration>;
}

const followEveryMs = durationMs(1_000);
const copyEveryMs = durationMs(2_000);
const copiedAtOnce = 2_000;

/** Waits to be the only evaluator, works while it is, and waits again when it is not any more. */
export function startLead(parts: LeadParts): Lead {
  const { store, clock, ledger, onError } = parts;
  const stopping = new AbortController();
  let workers: Workers | null = null;
  const follower = startLoop({ name: 'alert state', everyMs: followEveryMs, clock, onError, run: follow });
  const campaign = parts.evaluates ? run() : Promise.resolve();

  /** What another process wrote, say an acknowledgement, is taken over within a second. */
  async function follow(): Promise<{ backlog: number }> {
    if ((await store.version()) !== ledger.state().version) {
      await ledger.refresh();
      workers?.dispatcher.nudge();
    }
    return { backlog: 0 };
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await term();
      } catch (error) {
        if (!stopping.signal.aborted) onError(error);
        await clock.sleep(durationMs(1_000), stopping.signal).catch(() => undefined);
      }
    }
  }

  async function term(): Promise<void> {
    const lost = new AbortController();
    const giveUp = await store.lead({ signal: stopping.signal, lost: () => lost.abort() });
    try {
      await Promise.all([ledger.refresh(), store.releaseClaims()]);
      const startedAt = clock.now();
      const pauseMs = pauseBefore(ledger.state(), startedAt);
      ledger.setDispatching(true);
      workers = startWorkers(parts, { startedAt, pauseMs });
      await until(AbortSignal.any([lost.signal, stopping.signal]));
    } finally {
      await stopWorkers(parts, workers, lost.signal.aborted);
      workers = null;
      ledger.setDispatching(false);
      await giveUp();
    }
  }

  return {
    leads: () => workers !== null,
    committed(change) {
      if (change.groups.length > 0) workers?.dispatcher.nudge();
      if (change.notifications.length > 0) workers?.outbox.nudge();
    },
    nextEvaluationAt: () => earliest((workers?.evaluators ?? []).flatMap((evaluator) => evaluator.nextAt() ?? [])),
    ruleErrors: () => new Map((workers?.evaluators ?? []).flatMap((evaluator) => [...evaluator.errors()])),
    health: () => [follower, ...(workers ? loopsOf(workers) : [])].map((loop) => loop.health()),
    pruned: () => workers?.pruner.pruned() ?? 0,
    nudge() {
      for (const evaluator of workers?.evaluators ?? []) evaluator.nudge();
    },
    async reopen() {
      if (!workers) return;
      const old = [...workers.channels.values()];
      workers.channels = openChannels(parts);
      await Promise.all(old.map(({ sender }) => sender.close()));
    },
    async stop() {
      stopping.abort(new Error('stopping'));
      await Promise.all([campaign, follower.stop()]);
    },
  };
}

const earliest = (times: readonly UnixMs[]): UnixMs | null => (times.length === 0 ? null : unixMs(Math.min(...times)));

const loopsOf = ({ evaluators, dispatcher, outbox, copier, pruner }: Workers): Loop[] => [...evaluators, dispatcher, outbox, copier, pruner];

function startWorkers(parts: LeadParts, { startedAt, pauseMs }: { startedAt: UnixMs; pauseMs: DurationMs }): Workers {
  const { ledger, clock, onError, store } = parts;
  const names = () => new Set(parts.settings().rules.map((rule) => rule.terms.name));
  const evaluator = (name: string, mine: (rule: Rule) => boolean) => startEvaluator({ ...parts, name, names, rules: () => parts.settings().rules.filter(mine), startedAt, pauseMs });
  const workers: Workers = {
    channels: openChannels(parts),
    evaluators: [evaluator('evaluator of probe rules', isProbeRule), evaluator('evaluator', (rule) => !isProbeRule(rule))],
    dispatcher: startLoop({ name: 'dispatcher', everyMs: durationMs(5_000), clock, onError, run: dispatchDue }),
    outbox: startOutbox({ store, clock, onError, channel: (id) => workers.channels.get(id), onDelivery: (delivery) => parts.bus.emit('notificationsChanged', { receivers: [delivery.receiver] }) }),
    copier: startLoop({ name: 'alert copies', everyMs: copyEveryMs, clock, onError, run: () => copy(parts) }),
    pruner: startPruner({ store, clock, onError }),
  };

  async function dispatchDue(now: UnixMs): Promise<{ backlog: number; nextInMs: DurationMs }> {
    const due = nextFlushAt(ledger.state().groups.values());
    if (due !== null && due <= now) await ledger.transact(() => ({}));
    const next = nextFlushAt(ledger.state().groups.values());
    return { backlog: 0, nextInMs: durationMs(next === null ? 5_000 : Math.min(5_000, Math.max(0, next - clock.now()))) };
  }
  return workers;
}

/** Rows for analysis follow within seconds; the same token twice stores once, so a crash in between is harmless. */
async function copy({ store, copies }: LeadParts): Promise<{ backlog: number; nextInMs?: DurationMs }> {
  const { token, transitions, deliveries } = await store.uncopied(copiedAtOnce);
  if (transitions.length + deliveries.length === 0) return { backlog: 0 };
  await copies.insert(token, { transitions, deliveries });
  await store.markCopied(token);
  const full = transitions.length === copiedAtOnce || deliveries.length === copiedAtOnce;
  return full ? { backlog: copiedAtOnce, nextInMs: durationMs(0) } : { backlog: 0 };
}

async function stopWorkers({ ledger, clock, onError }: LeadParts, workers: Workers | null, lost: boolean): Promise<void> {
  if (!workers) return;
  await Promise.all([...workers.evaluators, workers.dispatcher].map((loop) => loop.stop()));
  // The last sign of life, so that the next start knows its pause exactly; whoever lost the lead must not write it.
  if (!lost) await ledger.transact(() => ({ aliveAt: clock.now() })).catch(onError);
  await Promise.all([workers.outbox.stop(), workers.copier.stop(), workers.pruner.stop()]);
  await Promise.all([...workers.channels.values()].map(({ sender }) => sender.close()));
}

function openChannels({ settings, place, clock, links }: LeadParts): Map<string, OpenIntegration> {
  const { alerting, smtp } = settings();
  const world: SenderWorld = { clock, links, ...place, smtp: smtp ?? null, privateAddresses: alerting.privateAddresses };
  return new Map(allIntegrations(alerting).flatMap(({ id, sender }) => (sender ? [[id, { plan: sender, sender: sender.open(world) }]] : [])));
}

const isProbeRule = (rule: Rule): boolean => rule.kind === 'probe';

const until = (signal: AbortSignal): Promise<void> => new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })));
