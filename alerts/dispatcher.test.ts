import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { fingerprint, type Labels } from '#lib/labels.ts';
import { durationMs, type UnixMs, unixMs } from '#lib/time.ts';
import type { Alert } from './alert.ts';
import { dispatch } from './dispatcher.ts';
import type { AlertGroup } from './group.ts';
import { parseMatchers } from './matcher.ts';
import type { Decision, Notification } from './notification.ts';
import type { AlertingPlan, Integration } from './plan.ts';
import { buildRoute } from './route.ts';
import { expireSilence, putSilence, type Silence } from './silence.ts';
import { bundle } from './storm.ts';

const s = (seconds: number): UnixMs => unixMs(seconds * 1_000);
const matchers = (text: string) => {
  const parsed = parseMatchers(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.matchers;
};

function firing(labels: Labels, firedAt: number): Alert & { state: 'firing' } {
  return {
    state: 'firing',
    activeAt: s(firedAt),
    firedAt: s(firedAt),
    clearSince: null,
    fingerprint: fingerprint(labels),
    episode: `${fingerprint(labels)}-${firedAt}`,
    rule: 'R',
    labels,
    annotations: {},
    value: 1,
    why: { 'zh-CN': '', en: '' },
    sight: 'ok',
    flapping: false,
    title: { 'zh-CN': 'R', en: 'R' },
    memory: { missingSince: null, flips: [] },
    outside: null,
    acknowledgement: null,
    evaluatedAt: s(firedAt),
  };
}
const ended = (alert: Alert & { state: 'firing' }, at: number): Alert => ({ ...alert, state: 'resolved', resolvedAt: s(at), because: 'clear' });

const channel = (more: Partial<Integration> = {}): Integration => ({ id: 'ops/email/0', receiver: 'ops', sendResolved: true, sender: null, ...more });
function planOf(more: Partial<AlertingPlan> = {}, timers: { wait?: number; interval?: number; repeat?: number } = {}): AlertingPlan {
  const root = buildRoute({
    matchers: [],
    receiver: 'ops',
    groupBy: ['alertname'],
    groupWaitMs: durationMs((timers.wait ?? 0) * 1_000),
    groupIntervalMs: durationMs((timers.interval ?? 2) * 1_000),
    repeatIntervalMs: durationMs((timers.repeat ?? 3_600) * 1_000),
    muteIntervals: [],
    activeIntervals: [],
    continues: false,
    children: [],
  });
  return { root, receivers: new Map([['ops', [channel()]]]), inhibitions: [], intervals: new Map(), resolveTimeoutMs: durationMs(300_000), ...more };
}

/** Dispatches every half second; `happen` changes the alerts and silences at its second. */
function play(
  plan: AlertingPlan,
  until: number,
  happen: Record<number, (world: { alerts: Map<string, Alert>; silences: Map<string, Silence> }) => void>,
): { said: string[]; notifications: Notification[]; decisions: Decision[]; groups: Map<string, AlertGroup> } {
  const world = { alerts: new Map<string, Alert>(), silences: new Map<string, Silence>() };
  const groups = new Map<string, AlertGroup>();
  const notifications: Notification[] = [];
  const decisions: Decision[] = [];
  for (let now = 0; now <= until; now += 0.5) {
    happen[now]?.(world);
    const outcome = dispatch({ ...world, groups }, plan, s(now));
    for (const group of outcome.groups) groups.set(group.key, group);
    for (const key of outcome.closedGroups) groups.delete(key);
    notifications.push(...outcome.notifications);
    decisions.push(...outcome.decisions);
  }
  return { said: notifications.map((one) => `${one.at / 1_000}s ${one.reason} ${one.alerts.map((alert) => `${alert.labels.job}:${alert.state}`).join(' ')}`), notifications, decisions, groups };
}

const a = { alertname: 'R', job: 'a' };
const b = { alertname: 'R', job: 'b' };
const put =
  (...alerts: Alert[]) =>
  (world: { alerts: Map<string, Alert> }) => {
    for (const alert of alerts) world.alerts.set(alert.episode, alert);
  };
function silence(id: string, text: string, [from, to]: [number, number]) {
  return (world: { silences: Map<string, Silence> }) =>
    void world.silences.set(id, { id, matchers: matchers(text), startsAt: s(from), endsAt: s(to), createdBy: 'x', comment: 'y', updatedAt: s(from) });
}

describe('what a group says, and when', () => {
  const one = firing(a, 1);
  test.each<{ name: string; plan?: AlertingPlan; until?: number; happen: Parameters<typeof play>[2]; said: string[] }>([
    { name: 'it waits group_wait from its first alert', plan: planOf({}, { wait: 3 }), happen: { 1: put(one) }, said: ['4s first a:firing'] },
    { name: 'an alert older than group_wait is told at once', plan: planOf({}, { wait: 3 }), happen: { 6: put(one) }, said: ['6s first a:firing'] },
    { name: 'what ends before group_wait is over is never spoken of', plan: planOf({}, { wait: 3 }), happen: { 1: put(one), 3: put(ended(one, 3)) }, said: [] },
    { name: 'new alerts wait for the next tick', plan: planOf({}, { interval: 4 }), happen: { 1: put(one), 2: put(firing(b, 2)) }, said: ['1s first a:firing', '5s newAlerts a:firing b:firing'] },
    { name: 'an end is told at the next tick, once', happen: { 1: put(one), 2: put(ended(one, 2)) }, said: ['1s first a:firing', '3s resolved a:resolved'] },
    { name: 'a part that ends is told beside what goes on', happen: { 1: put(one, firing(b, 1)), 2: put(ended(one, 2)) }, said: ['1s first a:firing b:firing', '3s resolved b:firing a:resolved'] },
    { name: 'interval 2 s and repeat 3 s repeat every 4 s', plan: planOf({}, { repeat: 3 }), happen: { 1: put(one) }, said: ['1s first a:firing', '5s repeat a:firing', '9s repeat a:firing'] },
    { name: 'interval 2 s and repeat 4 s repeat every 4 s, not 6', plan: planOf({}, { repeat: 4 }), happen: { 1: put(one) }, said: ['1s first a:firing', '5s repeat a:firing', '9s repeat a:firing'] },
    { name: 'a silence hides an alert that was not told', happen: { 0: silence('s', 'job="a"', [0, 6]), 1: put(one) }, said: ['7s first a:firing'] },
    {
      name: 'a silence does not eat the end of what was told',
      happen: { 1: put(one), 2: silence('s', 'job="a"', [2, 90]), 4: put(ended(one, 4)) },
      said: ['1s first a:firing', '5s resolved a:resolved'],
    },
    {
      name: 'after an end under a silence the next fire is told at once',
      happen: { 1: put(one), 2: silence('s', 'job="a"', [2, 5.5]), 3: put(ended(one, 3)), 7: put(firing(a, 7)) },
      said: ['1s first a:firing', '3s resolved a:resolved', '7s first a:firing'],
    },
    {
      name: 'a re-fire between two ticks is news, and its old end is not told beside it',
      plan: planOf({}, { interval: 4 }),
      happen: { 1: put(one), 2: put(ended(one, 2)), 3: put(firing(a, 3)) },
      said: ['1s first a:firing', '5s newAlerts a:firing'],
    },
    {
      name: 'nothing is repeated while every alert is taken',
      plan: planOf({}, { repeat: 2 }),
      happen: { 1: put(one), 2: put({ ...one, acknowledgement: { by: 'x', at: s(2), through: 'link', note: '' } }) },
      said: ['1s first a:firing'],
    },
    { name: 'what is muted is not repeated either', plan: planOf({}, { repeat: 2 }), happen: { 1: put(one), 2: silence('s', 'job="a"', [2, 90]) }, said: ['1s first a:firing'] },
  ])('$name', ({ plan = planOf(), until = 10, happen, said }) => {
    expect(play(plan, until, happen).said).toEqual(said);
  });

  it('an integration that does not hear of ends is told of the next fire, and the skipped end is on record', () => {
    const plan = planOf({ receivers: new Map([['ops', [channel({ sendResolved: false })]]]) });
    const { said, decisions } = play(plan, 10, { 1: put(one), 2: put(ended(one, 2)), 5: put(firing(a, 5)) });
    expect(said).toEqual(['1s first a:firing', '5s first a:firing']);
    expect(decisions.map((decision) => decision.reason)).toEqual(['sendResolvedOff']);
  });

  it('each integration of a receiver has its own log', () => {
    const plan = planOf({ receivers: new Map([['ops', [channel(), channel({ id: 'ops/webhook/0', sendResolved: false })]]]) });
    const { notifications } = play(plan, 6, { 1: put(one), 2: put(ended(one, 2)) });
    expect(notifications.map((each) => `${each.integration} ${each.reason}`)).toEqual(['ops/email/0 first', 'ops/webhook/0 first', 'ops/email/0 resolved']);
  });

  it('a suppression is recorded once, not at every tick', () => {
    const { decisions } = play(planOf(), 20, { 0: silence('s1', 'job="a"', [0, 60]), 1: put(one) });
    expect(decisions).toMatchObject([{ stage: 'mute', reason: 'silence', detail: 's1', episode: one.episode }]);
  });

  it('the mails of one group episode share a thread; the next episode has its own', () => {
    const { notifications } = play(planOf(), 12, { 1: put(one), 2: put(ended(one, 2)), 8: put(firing(a, 8)) });
    expect(notifications.map((each) => each.sequence)).toEqual([1, 2, 1]);
    expect(new Set(notifications.map((each) => each.thread)).size).toBe(2);
    expect(new Set(notifications.map((each) => each.id)).size).toBe(3);
  });

  it('when everything is told and over, nothing of the group is left', () => {
    expect(play(planOf(), 6, { 1: put(one), 2: put(ended(one, 2)) }).groups.size).toBe(0);
  });
});

describe('inhibition', () => {
  const rule = { source: matchers('severity="critical"'), target: matchers('severity="warning"'), equal: ['cluster'] };
  const critical = (more: Labels = {}) => firing({ alertname: 'C', job: 'c', severity: 'critical', ...more }, 1);
  const warning = (more: Labels = {}) => firing({ alertname: 'W', job: 'w', severity: 'warning', ...more }, 1);
  const spoken = (alerts: Alert[], inhibitions = [rule]) =>
    play(planOf({ inhibitions }), 2, { 1: put(...alerts) })
      .notifications.map((each) => each.alerts[0]?.labels.job)
      .sort();

  it('mutes the target when the named labels are equal', () => {
    expect(spoken([critical({ cluster: 'x' }), warning({ cluster: 'x' })])).toEqual(['c']);
    expect(spoken([critical({ cluster: 'x' }), warning({ cluster: 'y' })])).toEqual(['c', 'w']);
  });
  it('a label both lack is equal', () => {
    expect(spoken([critical(), warning()])).toEqual(['c']);
  });
  it('two alerts that are both source and target do not mute one another', () => {
    const both = { source: matchers('alertname=~".+"'), target: matchers('alertname=~".+"'), equal: [] };
    expect(spoken([critical(), warning()], [both])).toEqual(['c', 'w']);
  });
  it('a source that ended mutes nothing', () => {
    expect(spoken([ended(critical(), 1), warning()])).toEqual(['w']);
  });
});

describe('silences are edited so that history stays true', () => {
  const wish = { matchers: matchers('job="a"'), startsAt: s(0), endsAt: s(100), createdBy: 'x', comment: 'why' };
  const known = () => {
    const made = putSilence(new Map(), wish, { now: s(0), newId: 'one' });
    return new Map((made.ok ? made.changed : []).map((each) => [each.id, each]));
  };

  it('changing the comment or the end keeps the id', () => {
    expect(putSilence(known(), { ...wish, id: 'one', comment: 'other', endsAt: s(200) }, { now: s(10), newId: 'two' })).toMatchObject({
      ok: true,
      id: 'one',
      changed: [{ id: 'one', comment: 'other', endsAt: s(200) }],
    });
  });
  it('changing the matchers ends the old one and makes a new one', () => {
    expect(putSilence(known(), { ...wish, id: 'one', matchers: matchers('job="b"') }, { now: s(10), newId: 'two' })).toMatchObject({
      ok: true,
      id: 'two',
      changed: [
        { id: 'one', endsAt: s(10) },
        { id: 'two', startsAt: s(10) },
      ],
    });
  });
  test.each([
    { name: 'no matcher', change: { matchers: [] } },
    { name: 'a matcher that matches everything', change: { matchers: matchers('job=~".*"') } },
    { name: 'no comment', change: { comment: ' ' } },
    { name: 'no author', change: { createdBy: '' } },
    { name: 'an end in the past', change: { endsAt: s(5) } },
    { name: 'an end before the start', change: { startsAt: s(300), endsAt: s(200) } },
  ])('$name is refused and leaves the old one intact', ({ change }) => {
    expect(putSilence(known(), { ...wish, id: 'one', ...change }, { now: s(10), newId: 'two' })).toMatchObject({ ok: false, reason: 'invalid' });
  });
  it('an unknown id is said so; expiring twice changes nothing the second time', () => {
    expect(putSilence(known(), { ...wish, id: 'nine' }, { now: s(10), newId: 'two' })).toMatchObject({ ok: false, reason: 'notFound' });
    expect(expireSilence(known(), 'one', s(10))).toMatchObject({ ok: true, changed: [{ endsAt: s(10) }] });
    expect(expireSilence(known(), 'one', s(100))).toMatchObject({ ok: true, changed: [] });
  });
});

describe('a storm', () => {
  const limited: Integration = channel({
    sender: { kind: 'email', real: true, sendResolved: true, perMinute: 3, to: 'a@b.example', open: () => ({ send: async () => ({ outcome: 'delivered', detail: '' }), close: async () => {} }) },
  });
  const many = (count: number) =>
    Array.from(
      { length: count },
      (_, index): Notification => ({
        id: `t${index}`,
        mode: 'live',
        reason: 'first',
        status: 'firing',
        receiver: 'ops',
        integration: 'ops/email/0',
        groupKey: `g${index}`,
        groupLabels: {},
        thread: `t${index}`,
        sequence: 1,
        at: s(1),
        alerts: [firing({ alertname: 'R', job: String(index) }, 1)],
      }),
    );
  const integrations = new Map([['ops/email/0', limited]]);

  it('is told in one bundle over the limit, and nothing of it is lost', () => {
    const { notifications, decisions } = bundle(many(10), integrations, { recent: new Map(), now: s(1) });
    expect(notifications).toHaveLength(3);
    expect(notifications.flatMap((one) => one.alerts)).toHaveLength(10);
    expect(decisions).toHaveLength(8);
  });
  it('leaves room again after a minute', () => {
    const first = bundle(many(3), integrations, { recent: new Map(), now: s(1) });
    expect(bundle(many(2), integrations, { recent: first.recent, now: s(2) }).notifications).toHaveLength(1);
    expect(bundle(many(2), integrations, { recent: first.recent, now: s(62) }).notifications).toHaveLength(2);
  });
  it('does not touch channels that programs read', () => {
    expect(bundle(many(500), new Map([['ops/email/0', channel()]]), { recent: new Map(), now: s(1) }).notifications).toHaveLength(500);
  });
});

describe('laws', () => {
  /** A random life: fires, ends, silences come and go. */
  const life = fc.array(fc.record({ at: fc.integer({ min: 1, max: 40 }), what: fc.constantFrom('fire', 'end', 'silence', 'unsilence'), job: fc.constantFrom('a', 'b', 'c') }), { maxLength: 25 });

  it('whoever was told of an alert is told of its end exactly once, whatever was silenced in between', () => {
    fc.assert(
      fc.property(life, (events) => {
        const happen: Parameters<typeof play>[2] = {};
        for (const { at, what, job } of events) {
          const before = happen[at];
          happen[at] = (world) => {
            before?.(world);
            const open = [...world.alerts.values()].find((alert): alert is Alert & { state: 'firing' } => alert.state === 'firing' && alert.labels.job === job);
            if (what === 'fire' && !open) put(firing({ alertname: 'R', job }, at))(world);
            if (what === 'end' && open) put(ended(open, at))(world);
            if (what === 'silence') silence(job, `job="${job}"`, [at, 1_000])(world);
            if (what === 'unsilence') world.silences.delete(job);
          };
        }
        happen[45] = (world) => {
          for (const alert of world.alerts.values()) if (alert.state === 'firing') put(ended(alert, 45))(world);
        };
        const { notifications, groups } = play(planOf(), 60, happen);
        const told = new Set<string>();
        const over = new Map<string, number>();
        for (const alert of notifications.flatMap((one) => one.alerts)) {
          if (alert.state === 'firing') told.add(alert.episode);
          else over.set(alert.episode, (over.get(alert.episode) ?? 0) + 1);
        }
        for (const [episode, times] of over) expect([episode, told.has(episode), times]).toEqual([episode, true, 1]);
        // The last told episode of each label set is told as ended; an earlier one may have been followed at once by news of the next.
        const last = new Map([...told].map((episode) => [episode.split('-')[0], episode]));
        for (const episode of last.values()) expect(over.get(episode)).toBe(1);
        expect(groups.size).toBe(0);
      }),
    );
  });
});
