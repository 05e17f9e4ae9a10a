import type { Clock } from '#lib/clock.ts';
import { after, type DurationMs, durationMs, type UnixMs } from '#lib/time.ts';
import type { Alert } from './alert.ts';
import { applyChange, emptyState, isEmpty, noChange, withDispatch, worthKeeping } from './change.ts';
import { dispatch } from './dispatcher.ts';
import { type AlertingPlan, allIntegrations, type Integration } from './plan.ts';
import type { AlertChange, AlertState, AlertStore } from './ports.ts';
import { bundle, type Recent } from './storm.ts';

/** The alerting state in memory, one writer at a time, never ahead of what is committed. */
export interface Ledger {
  state(): AlertState;
  /** Decides on the newest state, adds what dispatching says about it, commits both together, and answers what was committed. */
  transact(decide: (state: AlertState, now: UnixMs) => Partial<AlertChange>): Promise<AlertChange>;
  /** Reads again what other processes may have written. */
  refresh(): Promise<void>;
  /** Only the leader dispatches; others leave it to the leader's next round. */
  setDispatching(on: boolean): void;
  setPlan(plan: AlertingPlan): void;
}

export interface LedgerParts {
  store: AlertStore;
  plan: AlertingPlan;
  clock: Clock;
  dispatching: boolean;
  /** Told after every commit, in order. */
  onCommit(change: AlertChange, state: AlertState): void;
}

/** How often "still at work" is written down while nothing else is: the most a restart can misjudge its pause by. */
const aliveEveryMs = durationMs(5_000);

/** What a decision leads to, before it is committed. */
interface Draft {
  whole: AlertChange;
  kept: AlertChange;
  recent: Recent;
}

type Decide = (state: AlertState, now: UnixMs) => Partial<AlertChange>;

export async function openLedger(parts: LedgerParts): Promise<Ledger> {
  const { store, clock, onCommit } = parts;
  const dispatching = { on: parts.dispatching, plan: parts.plan, integrations: integrationsById(parts.plan) };
  let recent: Recent = new Map();
  let state = emptyState;
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const turn = queue.then(work);
    queue = turn.catch(() => undefined);
    return turn;
  };

  async function refresh(): Promise<void> {
    state = seenUntil(await store.load());
  }

  async function attempt(decide: Decide): Promise<AlertChange | null> {
    const now = clock.now();
    const draft = drafted({ ...noChange, ...decide(state, now) }, { state, now, recent, ...dispatching });
    if (isEmpty(draft.kept)) {
      state = applyChange(state, draft.whole, state.version);
      return draft.whole;
    }
    const committed = await store.commit(draft.kept, state.version);
    if (!committed.ok) return null;
    state = applyChange(state, { ...draft.whole, aliveAt: draft.kept.aliveAt }, committed.version);
    recent = draft.recent;
    return draft.whole;
  }

  async function transact(decide: Decide): Promise<AlertChange> {
    if (!dispatching.on) await refresh();
    for (let tries = 0; tries < 10; tries++) {
      const change = await attempt(decide);
      if (change) {
        onCommit(change, state);
        return change;
      }
      await refresh();
    }
    throw new Error('the alert state changed under every one of 10 attempts to commit');
  }

  await refresh();
  return {
    state: () => state,
    transact: (decide) => inTurn(() => transact(decide)),
    refresh: () => inTurn(refresh),
    setDispatching(on) {
      dispatching.on = on;
    },
    setPlan(plan) {
      dispatching.plan = plan;
      dispatching.integrations = integrationsById(plan);
    },
  };
}

interface Drafting {
  state: AlertState;
  now: UnixMs;
  recent: Recent;
  on: boolean;
  plan: AlertingPlan;
  integrations: ReadonlyMap<string, Integration>;
}

/** The decision, what dispatching says about it, and how much of both must be kept. */
function drafted(decided: AlertChange, { state, now, recent, on, plan, integrations }: Drafting): Draft {
  if (!on) return { whole: decided, kept: worthKeeping(state, decided), recent };
  const said = dispatch(applyChange(state, decided, state.version), plan, now);
  const bundled = bundle(said.notifications, integrations, { recent, now });
  const whole = withDispatch(decided, { ...said, notifications: bundled.notifications, decisions: [...said.decisions, ...bundled.decisions] });
  const alive = whole.aliveAt === null && (state.aliveAt === null || after(state.aliveAt, aliveEveryMs) <= now);
  return { whole, kept: worthKeeping(state, alive ? { ...whole, aliveAt: now } : whole), recent: bundled.recent };
}

/** What was seen up to the last sign of life was seen, though values alone are not written down each time. */
function seenUntil(loaded: AlertState): AlertState {
  const { aliveAt } = loaded;
  if (aliveAt === null) return loaded;
  const alerts = [...loaded.alerts].map(([episode, alert]): [string, Alert] => [episode, alert.evaluatedAt < aliveAt ? { ...alert, evaluatedAt: aliveAt } : alert]);
  return { ...loaded, alerts: new Map(alerts) };
}

const integrationsById = (plan: AlertingPlan): ReadonlyMap<string, Integration> => new Map(allIntegrations(plan).map((integration) => [integration.id, integration]));

/** How long nobody was at work before `startedAt`. */
export function pauseBefore(state: AlertState, startedAt: UnixMs): DurationMs {
  return durationMs(state.aliveAt === null ? 0 : Math.max(0, startedAt - state.aliveAt));
}
