import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { noChange } from '#alerts/change.ts';
import { memoryAlertStore } from '#alerts/memory-store.ts';
import type { Notification } from '#alerts/notification.ts';
import type { AlertChange, AlertStore } from '#alerts/ports.ts';
import { systemClock } from '#lib/clock.ts';
import { durationMs, minute } from '#lib/time.ts';
import { createAlertStore } from '#store/alert-store.ts';
import { listAudit } from '#store/audit.ts';
import { verifyChains } from '#store/chains.ts';
import { type TestState, testState } from '#store/embedded/test-state.ts';
import { CommitUnknown } from '#store/state.ts';
import { at, attemptOf, fires, firing, group, now, owed, silence } from './alert-samples.ts';

let fixture: TestState;
beforeAll(async () => {
  fixture = await testState();
});
afterAll(() => fixture.close());

describe.each(['in memory', 'in Postgres'])('the alert store %s', (where) => {
  let store: AlertStore;
  beforeEach(async () => {
    if (where === 'in Postgres') {
      await fixture.state.pool.query('truncate alert, alert_group, silence, alert_transition, notification, delivery, alert_decision');
      await fixture.state.pool.query('update alert_state set version = 0, alive_at = null');
      store = createAlertStore(fixture.state, systemClock);
    } else store = memoryAlertStore();
  });

  async function commit(change: Partial<AlertChange>): Promise<void> {
    expect(await store.commit({ ...noChange, ...change }, await store.version())).toMatchObject({ ok: true });
  }
  const take = (rest: Partial<Parameters<AlertStore['claim']>[0]> = {}) => store.claim({ now, limit: 10, leaseMs: minute, except: [], ...rest });
  const ids = (claims: readonly { notification: Notification }[]) => claims.map(({ notification }) => notification.id);

  it('begins with nothing', async () => {
    expect(await store.load()).toEqual({ version: 0, aliveAt: null, alerts: new Map(), groups: new Map(), silences: new Map() });
    expect([await store.version(), await store.nextDueAt(), await take()]).toEqual([0, null, []]);
  });

  it('gives back exactly what was committed, and the last word on each thing', async () => {
    const [errors, slow] = [firing('Errors'), firing('Slow')];
    await commit({ alerts: [errors, slow, { ...errors, value: 0.5 }], groups: [group], silences: [silence], aliveAt: at(3) });
    expect(await store.load()).toEqual({
      version: 1,
      aliveAt: at(3),
      alerts: new Map([
        [errors.episode, { ...errors, value: 0.5 }],
        [slow.episode, slow],
      ]),
      groups: new Map([['g', group]]),
      silences: new Map([['s', silence]]),
    });
    await commit({
      alerts: [{ ...slow, state: 'resolved', activeAt: now, firedAt: at(1), resolvedAt: at(9), because: 'clear' }],
      forgotten: [errors.episode],
      closedGroups: ['g'],
      silences: [{ ...silence, endsAt: at(9) }],
    });
    const later = await store.load();
    expect([[...later.alerts.values()].map((alert) => alert.state), later.groups.size, later.silences.get('s')?.endsAt, later.aliveAt, later.version]).toEqual([['resolved'], 0, at(9), at(3), 2]);
  });

  it('lets one of two writers win who knew the same state', async () => {
    const answers = await Promise.all([store.commit({ ...noChange, alerts: [firing('A')] }, 0), store.commit({ ...noChange, alerts: [firing('B')] }, 0)]);
    expect(answers.filter((answer) => answer.ok)).toEqual([{ ok: true, version: 1 }]);
    expect((await store.load()).alerts.size).toBe(1);
  });

  it('remembers transitions and decisions, newest first', async () => {
    const alert = firing('Errors');
    await commit({ transitions: [fires(alert), { ...fires(alert), from: 'firing', to: 'resolved', at: at(9) }, fires(firing('Slow'))] });
    expect((await store.history({ fingerprint: alert.fingerprint, limit: 9 })).map(({ to }) => to)).toEqual(['resolved', 'firing']);
    expect(await store.history({ fingerprint: firing('Slow').fingerprint, limit: 1 })).toEqual([fires(firing('Slow'))]);
    const decision = { at: now, groupKey: 'g', integration: null, episode: 'e', stage: 'mute', reason: 'silence', detail: 's' } as const;
    await commit({ decisions: [decision, { ...decision, reason: 'inhibition' }, { ...decision, groupKey: 'other' }] });
    expect((await store.decisions({ groupKeys: ['g'], limit: 9 })).map(({ reason }) => reason)).toEqual(['inhibition', 'silence']);
    expect(await store.decisions({ groupKeys: ['other'], limit: 9 })).toEqual([{ ...decision, groupKey: 'other' }]);
    expect(await store.decisions({ groupKeys: [], limit: 9 })).toEqual([]);
  });

  it('owes a notification once, however often it is decided', async () => {
    await commit({ notifications: [owed('t', 1)] });
    await commit({ notifications: [owed('t', 1)] });
    expect(await take()).toEqual([{ notification: owed('t', 1), attempt: 1 }]);
    expect(await take()).toEqual([]);
  });

  it('hands out one message of a thread and channel at a time, oldest first, and other lanes beside it', async () => {
    const webhook = owed('t', 1, { integration: 'ops/webhook/0' });
    await commit({ notifications: [owed('t', 1), owed('t', 2), webhook, owed('u', 1)] });
    expect(ids(await take({ limit: 2 }))).toEqual(['t:ops/email/0:1', webhook.id]);
    expect(ids(await take())).toEqual(['u:ops/email/0:1']);
    await store.record(attemptOf(owed('t', 1)), null);
    expect(ids(await take())).toEqual(['t:ops/email/0:2']);
  });

  it('does not overtake a message that is put off', async () => {
    await commit({ notifications: [owed('t', 1), owed('t', 2)] });
    await take();
    await store.record(attemptOf(owed('t', 1), { state: 'retrying', detail: '421 busy' }), at(30));
    expect(await take({ now: at(29) })).toEqual([]);
    expect(await store.nextDueAt()).toBe(at(30));
    expect(await take({ now: at(30) })).toEqual([{ notification: owed('t', 1), attempt: 2 }]);
  });

  it('leaves busy channels alone', async () => {
    await commit({ notifications: [owed('t', 1), owed('t', 1, { integration: 'ops/webhook/0' })] });
    expect(ids(await take({ except: ['ops/email/0'] }))).toEqual(['t:ops/webhook/0:1']);
  });

  it('gives a message to somebody else when the one who took it is not heard of again', async () => {
    await commit({ notifications: [owed('t', 1)] });
    await take();
    expect(await store.nextDueAt()).toBe(at(60));
    expect(await take({ now: at(59) })).toEqual([]);
    expect(await take({ now: at(60) })).toMatchObject([{ attempt: 2 }]);
  });

  it('says what became of the messages that speak of an episode', async () => {
    const [first, second] = [owed('t', 1), owed('u', 1, { alerts: [firing('Slow'), firing('Other')] })];
    await commit({ notifications: [first, second] });
    await take();
    await store.record(attemptOf(first, { state: 'retrying', detail: '421 busy' }), at(30));
    await store.record(attemptOf(first, { attempt: 2, at: at(31) }), null);
    expect(await store.outbox({ episodes: [firing('Errors').episode], limit: 9 })).toEqual([{ notification: first, state: 'sent', attempts: 1, dueAt: at(30), detail: '250 ok', settledAt: at(31) }]);
    expect(await store.outbox({ episodes: [firing('Slow').episode], limit: 9 })).toMatchObject([{ notification: { id: second.id }, state: 'queued', settledAt: null }]);
    expect(await store.outbox({ episodes: [], limit: 9 })).toEqual([]);
    expect(await store.deliveries({ notifications: [first.id] })).toEqual([attemptOf(first, { state: 'retrying', detail: '421 busy' }), attemptOf(first, { attempt: 2, at: at(31) })]);
  });

  it('offers the same rows under the same token until they are copied', async () => {
    const [a, b, c] = [firing('A'), firing('B'), firing('C')];
    await commit({ transitions: [fires(a), fires(b)] });
    const first = await store.uncopied(10);
    expect(first).toMatchObject({ transitions: [fires(a), fires(b)], deliveries: [] });
    if (where === 'in Postgres') {
      await commit({ transitions: [fires(c)] });
      expect(await store.uncopied(10)).toEqual(first);
    } else await commit({ transitions: [fires(c)] });
    await store.markCopied(first.token);
    await store.record(attemptOf(owed('t', 1)), null);
    const second = await store.uncopied(10);
    expect(second).toMatchObject({ transitions: [fires(c)], deliveries: [attemptOf(owed('t', 1))] });
    expect(second.token).not.toBe(first.token);
    await store.markCopied(second.token);
    expect(await store.uncopied(10)).toMatchObject({ transitions: [], deliveries: [] });
  });

  it('takes out what is over: settled messages with their attempts, copied changes, old reasons; nothing of what is known or owed', async () => {
    const [known, over] = [firing('Errors'), firing('Slow')];
    const [standing, done, waiting] = [owed('t', 1), owed('u', 1, { alerts: [over] }), owed('w', 1, { alerts: [over] })];
    const why = { at: now, groupKey: 'g', integration: null, episode: null, stage: 'route', reason: 'matched', detail: '' } as const;
    await commit({ alerts: [known], transitions: [fires(known), fires(over)], notifications: [standing, done, waiting], decisions: [why, { ...why, at: at(100) }] });
    for (const message of [standing, done]) await store.record(attemptOf(message), null);
    const none = { notifications: 0, deliveries: 0, transitions: 0, decisions: 0 };
    expect(await store.prune({ before: at(0), limit: 9 })).toEqual(none);
    expect(await store.prune({ before: at(50), limit: 9 })).toEqual({ ...none, notifications: 1, decisions: 1 });
    await store.markCopied((await store.uncopied(10)).token);
    expect(await store.prune({ before: at(50), limit: 9 })).toEqual({ ...none, deliveries: 1, transitions: 1 });
    expect(await store.prune({ before: at(50), limit: 9 })).toEqual(none);
    expect(await store.history({ fingerprint: known.fingerprint, limit: 9 })).toHaveLength(1);
    expect(await store.history({ fingerprint: over.fingerprint, limit: 9 })).toEqual([]);
    expect(await store.deliveries({ notifications: [standing.id, done.id] })).toEqual([attemptOf(standing)]);
    expect(ids(await take())).toEqual([waiting.id]);
    expect(await store.decisions({ groupKeys: ['g'], limit: 9 })).toMatchObject([{ at: at(100) }]);
    expect(await store.uncopied(10)).toMatchObject({ transitions: [], deliveries: [] });
  });

  it('has one leader at a time', async () => {
    const signal = new AbortController().signal;
    const stepDown = await store.lead({ signal, lost: () => {} });
    let second: (() => Promise<void>) | undefined;
    const waiting = store.lead({ signal, lost: () => {} }).then((release) => {
      second = release;
    });
    await systemClock.sleep(durationMs(100));
    expect(second).toBeUndefined();
    await stepDown();
    await waiting;
    await second?.();
  });
});

/** Every other commit is kept, but its answer is lost. */
function loseAnswers(transaction: TestState['state']['transaction']): TestState['state']['transaction'] {
  let turn = 0;
  return async (change) => {
    const result = await transaction(change);
    if (turn++ % 2 === 0) throw new CommitUnknown(new Error('the connection ended'));
    return result;
  };
}

describe('only in Postgres', () => {
  let store: AlertStore;
  beforeEach(() => {
    store = createAlertStore(fixture.state, systemClock);
  });

  it('many takers never take the same message', async () => {
    const notifications = Array.from({ length: 60 }, (_, n) => owed(`many ${n}`, 1));
    await store.commit({ ...noChange, notifications }, await store.version());
    const taken = await Promise.all(Array.from({ length: 12 }, () => store.claim({ now, limit: 10, leaseMs: minute, except: [] })));
    const ids = taken.flat().map(({ notification }) => notification.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('knows its own commit, claim and record although their answers were lost', async () => {
    const { pool } = fixture.state;
    const failing = { ...fixture.state, transaction: loseAnswers(fixture.state.transaction) };
    const losing = createAlertStore(failing, systemClock);
    await pool.query('delete from notification');
    const version = await store.version();
    expect(await losing.commit({ ...noChange, notifications: [owed('lost', 1)] }, version)).toEqual({ ok: true, version: version + 1 });
    const [claim] = await losing.claim({ now, limit: 5, leaseMs: minute, except: [] });
    expect(claim).toMatchObject({ notification: { thread: 'lost' }, attempt: 1 });
    await losing.record(attemptOf(owed('lost', 1)), null);
    expect(await store.deliveries({ notifications: [owed('lost', 1).id] })).toHaveLength(1);
    expect(await store.outbox({ episodes: [firing('Errors').episode], limit: 5 })).toMatchObject([{ state: 'sent', attempts: 1 }]);
  });

  it('audits a change in its own commit', async () => {
    const actor = { kind: 'person', id: 'p', name: '李值班' } as const;
    await store.commit({ ...noChange, silences: [silence], audit: [{ at: now, actor, action: 'silence.create', target: 'silence/s', after: { comment: '演练' } }] }, await store.version());
    expect(await listAudit(fixture.state, { limit: 1 })).toMatchObject([{ action: 'silence.create', target: 'silence/s', before: null, after: { comment: '演练' } }]);
    await store.commit({ ...noChange, audit: [{ at: now, actor, action: 'silence.expire', target: 'silence/s', after: {} }] }, 0);
    expect(await listAudit(fixture.state, { limit: 1 })).toMatchObject([{ action: 'silence.create' }]);
    expect((await verifyChains(fixture.state)).ok).toBe(true);
  });

  it('keeps an alert whose labels no database bears', async () => {
    const alert = firing('Hostile\0', 'hostile\0episode');
    await store.commit({ ...noChange, alerts: [alert], transitions: [fires(alert)], notifications: [owed('hostile\0', 1, { alerts: [alert] })] }, await store.version());
    expect((await store.load()).alerts.get('hostile\ufffdepisode')?.labels).toEqual({ alertname: 'Hostile\ufffd', service: '发票' });
  });

  it('keeps thousands of alerts in one commit', async () => {
    const alerts = Array.from({ length: 2_500 }, (_, n) => firing(`Storm ${n}`));
    await store.commit({ ...noChange, alerts, transitions: alerts.map(fires) }, await store.version());
    expect((await store.load()).alerts.size).toBeGreaterThanOrEqual(2_500);
  });

  it('the next takes over when the leader loses its connection, and the old one is told', async () => {
    const lost = vi.fn();
    await store.lead({ signal: new AbortController().signal, lost });
    const waiting = store.lead({ signal: new AbortController().signal, lost: () => {} });
    await fixture.state.pool.query(
      "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())",
    );
    const stepDown = await waiting;
    await vi.waitFor(() => expect(lost).toHaveBeenCalledTimes(1));
    await stepDown();
  });

  it('a standby can stop waiting', async () => {
    const stepDown = await store.lead({ signal: new AbortController().signal, lost: () => {} });
    const stopping = new AbortController();
    const waiting = store.lead({ signal: stopping.signal, lost: () => {} });
    const outcome = expect(waiting).rejects.toThrow('stopping');
    await systemClock.sleep(durationMs(50));
    stopping.abort(new Error('stopping'));
    await outcome;
    await stepDown();
  });
});
