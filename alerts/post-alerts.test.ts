import { describe, expect, it, test } from 'vitest';
import { durationMs, type UnixMs, unixMs } from '#lib/time.ts';
import { applyChange, emptyState, noChange } from './change.ts';
import { endOrphans } from './evaluate.ts';
import type { AlertState } from './ports.ts';
import { type PostedAlert, postAlerts } from './post-alerts.ts';

const at = (seconds: number): UnixMs => unixMs(1_000_000 + seconds * 1_000);
const post = (more: Partial<PostedAlert> = {}): PostedAlert => ({ labels: { alertname: 'Disk' }, annotations: { summary: 'disk' }, startsAt: null, endsAt: null, generatorUrl: '', ...more });

/** Posts one after another, letting what is over end in between. */
function play(...posts: [number, Partial<PostedAlert>][]): { state: AlertState; story: string[] } {
  let state = emptyState;
  const story: string[] = [];
  for (const [seconds, more] of posts) {
    for (const change of [endOrphans(state, new Set(), at(seconds)), postAlerts(state, [post(more)], { now: at(seconds), resolveTimeoutMs: durationMs(300_000) })]) {
      state = applyChange(state, { ...noChange, ...change }, 0);
      story.push(...change.transitions.map(({ to, at: when, alert }) => `${(when - 1_000_000) / 1_000}s ${to}${alert.state === 'resolved' ? ` ${alert.because}` : ''}`));
    }
  }
  return { state, story };
}

describe('posted alerts', () => {
  test.each<{ name: string; posts: [number, Partial<PostedAlert>][]; story: string[] }>([
    {
      name: 'repeating one keeps it, beyond resolve_timeout',
      posts: [
        [0, {}],
        [200, {}],
        [400, {}],
      ],
      story: ['0s firing'],
    },
    {
      name: 'not repeated, it ends by time-out',
      posts: [
        [0, {}],
        [301, { labels: { alertname: 'Other' } }],
      ],
      story: ['0s firing', '301s resolved timeout', '301s firing'],
    },
    {
      name: 'an explicit end in the past ends it now',
      posts: [
        [0, {}],
        [60, { endsAt: at(59) }],
      ],
      story: ['0s firing', '60s resolved ended'],
    },
    {
      name: 'an explicit end to come ends it then',
      posts: [
        [0, { endsAt: at(100) }],
        [101, { labels: { alertname: 'Other' } }],
      ],
      story: ['0s firing', '101s resolved ended', '101s firing'],
    },
    { name: 'an end for something unknown is no alert', posts: [[0, { endsAt: at(-1) }]], story: [] },
    {
      name: 'after an end it is a new episode',
      posts: [
        [0, {}],
        [10, { endsAt: at(9) }],
        [20, {}],
      ],
      story: ['0s firing', '10s resolved ended', '20s firing'],
    },
  ])('$name', ({ posts, story }) => {
    expect(play(...posts).story).toEqual(story);
  });

  it('keeps the earliest start, the newest annotations and the latest explicit end', () => {
    const { state } = play([0, { startsAt: at(-10), endsAt: at(900) }], [10, { startsAt: at(5), annotations: { summary: 'fuller' } }]);
    const [alert] = [...state.alerts.values()];
    expect(alert).toMatchObject({ activeAt: at(-10), annotations: { summary: 'fuller' }, outside: { endsAt: at(900), explicitEnd: true } });
  });

  it('two posts of the same labels in one request are one alert', () => {
    const change = postAlerts(emptyState, [post(), post({ annotations: { summary: 'again' } })], { now: at(0), resolveTimeoutMs: durationMs(300_000) });
    expect(change.alerts).toHaveLength(1);
    expect(change.transitions).toHaveLength(1);
  });
});
