import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Labels } from '#lib/labels.ts';
import type { Alert } from './alert.ts';
import type { AlertingPlan } from './plan.ts';
import { channel, ended, firing, matchers, planOf, play, put, s, silence } from './test-dispatch.ts';

const a = { alertname: 'R', job: 'a' };
const b = { alertname: 'R', job: 'b' };

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
