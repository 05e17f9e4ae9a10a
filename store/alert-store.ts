import { randomUUID } from 'node:crypto';
import { and, desc, eq, inArray, sql } from 'drizzle-orm';
import type { AlertChange, AlertState, AlertStore } from '#alerts/ports.ts';
import type { Clock } from '#lib/clock.ts';
import { alertCopies } from './alert-copies.ts';
import { alertOutbox, queueNotifications } from './alert-outbox.ts';
import { alertPrune } from './alert-prune.ts';
import { appendAudit } from './audit.ts';
import { leadership } from './leadership.ts';
import { alert, alertDecision, alertGroup, alertState, alertTransition, silence } from './schema/alerts.ts';
import { CommitUnknown, type State, type Tx } from './state.ts';

const leaderLock = 8_600_002;

/** Alerts, silences, groups, the outbox and the deliveries in Postgres. */
export function createAlertStore(state: State, clock: Clock): AlertStore {
  return {
    ...alertOutbox(state),
    ...alertCopies(state),
    ...alertPrune(state),
    load: () => state.transaction(loadState),
    version: () => state.read(currentVersion),
    commit: (change, version) => commit(state, change, version),
    history: ({ fingerprint, limit }) =>
      state.read(async (db) => {
        const rows = await db.select().from(alertTransition).where(eq(alertTransition.fingerprint, fingerprint)).orderBy(desc(alertTransition.seq)).limit(limit);
        return rows.map(({ seq: _seq, copyBatch: _batch, copied: _copied, ...transition }) => transition);
      }),
    decisions: ({ groupKeys, limit }) =>
      state.read(async (db) => {
        const rows = await db
          .select()
          .from(alertDecision)
          .where(inArray(alertDecision.groupKey, [...groupKeys]))
          .orderBy(desc(alertDecision.seq))
          .limit(limit);
        return rows.map(({ seq: _seq, ...decision }) => decision);
      }),
    lead: (options) => leadership({ state, clock, lock: leaderLock }, options),
  };
}

async function currentVersion(db: Tx): Promise<number> {
  const [row] = await db.select({ version: alertState.version }).from(alertState);
  return row?.version ?? 0;
}

/** Everything as of one moment. */
async function loadState(tx: Tx): Promise<AlertState> {
  await tx.execute(sql`set transaction isolation level repeatable read, read only`);
  const [head] = await tx.select().from(alertState);
  const alerts = await tx.select({ body: alert.body }).from(alert);
  const groups = await tx.select({ body: alertGroup.body }).from(alertGroup);
  const silences = await tx.select().from(silence);
  return {
    version: head?.version ?? 0,
    aliveAt: head?.aliveAt ?? null,
    alerts: new Map(alerts.map(({ body }) => [body.episode, body])),
    groups: new Map(groups.map(({ body }) => [body.key, body])),
    silences: new Map(silences.map((each) => [each.id, each])),
  };
}

type Committed = Awaited<ReturnType<AlertStore['commit']>>;

/** When the connection ended during the commit, the version row tells whether it was kept; if not, the writer looks at the state again. */
async function commit(state: State, change: AlertChange, version: number): Promise<Committed> {
  const commitId = randomUUID();
  try {
    return await state.transaction((tx) => commitChange(tx, change, { version, commitId }));
  } catch (error) {
    if (!(error instanceof CommitUnknown)) throw error;
    // The lock waits for a server process that is still busy with the commit.
    const [head] = await state.transaction((tx) => tx.select().from(alertState).for('share'));
    return head?.commitId === commitId ? { ok: true, version: version + 1 } : { ok: false };
  }
}

/** The version row is the lock: of two writers who knew the same state the second finds it changed and writes nothing. */
async function commitChange(tx: Tx, change: AlertChange, { version, commitId }: { version: number; commitId: string }): Promise<Committed> {
  const next = version + 1;
  const alive = change.aliveAt === null ? {} : { aliveAt: change.aliveAt };
  const raised = await tx
    .update(alertState)
    .set({ version: next, commitId, ...alive })
    .where(and(eq(alertState.single, true), eq(alertState.version, version)))
    .returning({ version: alertState.version });
  if (raised.length === 0) return { ok: false };
  await keepAlerts(tx, change);
  await keepGroups(tx, change);
  await keepSilences(tx, change);
  for (const rows of slices(change.transitions)) await tx.insert(alertTransition).values(rows.map(({ fingerprint, episode, from, to, at, alert }) => ({ fingerprint, episode, from, to, at, alert })));
  for (const rows of slices(change.notifications)) await queueNotifications(tx, rows);
  for (const rows of slices(change.decisions))
    await tx.insert(alertDecision).values(rows.map(({ at, groupKey, integration, episode, stage, reason, detail }) => ({ at, groupKey, integration, episode, stage, reason, detail })));
  for (const note of change.audit) await appendAudit(tx, note);
  return { ok: true, version: next };
}

async function keepAlerts(tx: Tx, { alerts, forgotten }: AlertChange): Promise<void> {
  for (const rows of slices(lastOf(alerts, (each) => each.episode))) {
    const values = rows.map((body) => ({ episode: body.episode, fingerprint: body.fingerprint, rule: body.rule, state: body.state, labels: body.labels, body }));
    await tx
      .insert(alert)
      .values(values)
      .onConflictDoUpdate({ target: alert.episode, set: { state: sql`excluded.state`, labels: sql`excluded.labels`, body: sql`excluded.body` } });
  }
  for (const episodes of slices(forgotten)) await tx.delete(alert).where(inArray(alert.episode, episodes));
}

async function keepGroups(tx: Tx, { groups, closedGroups }: AlertChange): Promise<void> {
  for (const rows of slices(lastOf(groups, (each) => each.key))) {
    await tx
      .insert(alertGroup)
      .values(rows.map((body) => ({ key: body.key, receiver: body.receiver, body })))
      .onConflictDoUpdate({ target: alertGroup.key, set: { receiver: sql`excluded.receiver`, body: sql`excluded.body` } });
  }
  for (const keys of slices(closedGroups)) await tx.delete(alertGroup).where(inArray(alertGroup.key, keys));
}

async function keepSilences(tx: Tx, { silences }: AlertChange): Promise<void> {
  for (const { id, matchers, startsAt, endsAt, createdBy, comment, updatedAt } of silences) {
    const body = { matchers, startsAt, endsAt, createdBy, comment, updatedAt };
    await tx
      .insert(silence)
      .values({ id, ...body })
      .onConflictDoUpdate({ target: silence.id, set: body });
  }
}

/** One statement can touch a row once: of several versions of the same thing the last counts. */
const lastOf = <Row>(rows: readonly Row[], key: (row: Row) => string): Row[] => [...new Map(rows.map((row) => [key(row), row])).values()];

/** A statement carries at most 65,535 parameters. */
function slices<Row>(rows: readonly Row[], size = 1_000): Row[][] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) => rows.slice(index * size, (index + 1) * size));
}
