import type { Clock } from '#lib/clock.ts';
import { after, type DurationMs, durationMs, type UnixMs } from '#lib/time.ts';
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

export async function openLedger(parts: LedgerParts): Promise<Ledger> {
  const { store, clock, onCommit } = parts;
  let { plan, dispatching } = parts;
  let integrations = integrationsById(plan);
  let recent: Recent = new Map();
  let state = emptyState;
  let queue: Promise<unknown> = Promise.resolve();

  const refresh = async () => {
    const loaded = await store.load();
    // What was seen up to the last sign of life was seen, though values alone are not written down each time.
    const alerts = new Map([...loaded.alerts].map(([episode, alert]) => [episode, loaded.aliveAt !== null && alert.evaluatedAt < loaded.aliveAt ? { ...alert, evaluatedAt: loaded.aliveAt } : alert]));
    state = { ...loaded, alerts };
  };

  async function attempt(decide: (state: AlertState, now: UnixMs) => Partial<AlertChange>): Promise<AlertChange | null> {
    const now = clock.now();
    const decided: AlertChange = { ...noChange, ...decide(state, now) };
    const decidedState = applyChange(state, decided, state.version);
    const said = dispatching ? dispatch(decidedState, plan, now) : null;
    const bundled = said ? bundle(said.notifications, integrations, { recent, now }) : null;
    const whole = said && bundled ? withDispatch(decided, { ...said, notifications: bundled.notifications, decisions: [...said.decisions, ...bundled.decisions] }) : decided;
    const kept = worthKeeping(state, alive(whole, now));
    if (isEmpty(kept)) {
      state = applyChange(state, whole, state.version);
      return whole;
    }
    const committed = await store.commit(kept, state.version);
    if (!committed.ok) return null;
    state = applyChange(state, { ...whole, aliveAt: kept.aliveAt }, committed.version);
    recent = bundled?.recent ?? recent;
    return whole;
  }

  function alive(change: AlertChange, now: UnixMs): AlertChange {
    if (!dispatching || change.aliveAt !== null) return change;
    return state.aliveAt === null || after(state.aliveAt, aliveEveryMs) <= now ? { ...change, aliveAt: now } : change;
  }

  async function transact(decide: (state: AlertState, now: UnixMs) => Partial<AlertChange>): Promise<AlertChange> {
    if (!dispatching) await refresh();
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
    transact(decide) {
      const turn = queue.then(() => transact(decide));
      queue = turn.catch(() => undefined);
      return turn;
    },
    refresh() {
      const turn = queue.then(refresh);
      queue = turn.catch(() => undefined);
      return turn;
    },
    setDispatching(on) {
      dispatching = on;
    },
    setPlan(next) {
      plan = next;
      integrations = integrationsById(next);
    },
  };
}

const integrationsById = (plan: AlertingPlan): ReadonlyMap<string, Integration> => new Map(allIntegrations(plan).map((integration) => [integration.id, integration]));

/** How long nobody was at work before `startedAt`. */
export function pauseBefore(state: AlertState, startedAt: UnixMs): DurationMs {
  return durationMs(state.aliveAt === null ? 0 : Math.max(0, startedAt - state.aliveAt));
}
