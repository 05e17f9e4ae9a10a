import { expect, it } from 'vitest';
import type { Beat, BeatSeen } from '#collector/beat.ts';
import type { CheckResult } from '#collector/check.ts';
import { startCollector } from '#collector/collector.ts';
import { virtualClock } from '#lib/clock.ts';
import { buildKind } from '#lib/kinds.ts';
import { durationMs, minute, second, unixMs } from '#lib/time.ts';
import { probeKinds } from './index.ts';
import { judgeBeat } from './push.ts';
import { complaints, lookWith } from './test-servers.ts';

const config = { kind: 'push', every: '5m', grace: '30s', token: 'a-long-enough-token' };
const at = (minutes: number) => unixMs(minutes * minute);
const beat = (minutes: number, more: Partial<Beat> = {}): Beat => ({ at: at(minutes), status: 'up', message: '', tookMs: null, ...more });

it.each([
  { name: 'in time', last: beat(10), since: 0, now: 15, outcome: { kind: 'pass' } },
  { name: 'within the grace', last: beat(10), since: 0, now: 15.5, outcome: { kind: 'pass' } },
  { name: 'just over it', last: beat(10), since: 0, now: 15.6, outcome: { kind: 'fail', failure: { kind: 'timeout', reason: 'beat 1970-01-01T00:10:00.000Z: 5m36s > 5m30s' } } },
  { name: 'a job that says it failed', last: beat(10, { status: 'down', message: 'disk full' }), since: 0, now: 11, outcome: { kind: 'fail', failure: { kind: 'assertion', reason: 'disk full' } } },
  { name: 'a job that fails without a word', last: beat(10, { status: 'down' }), since: 0, now: 11, outcome: { kind: 'fail', failure: { kind: 'assertion', reason: 'down' } } },
  { name: 'nothing yet, just begun to listen', last: null, since: 10, now: 12, outcome: { kind: 'unknown', reason: 'beat ∅: 2m < 5m30s' } },
  { name: 'nothing for as long as silence may last', last: null, since: 10, now: 16, outcome: { kind: 'fail', failure: { kind: 'timeout', reason: 'beat ∅: 6m > 5m30s' } } },
  { name: 'an old beat, just begun to listen again', last: beat(10), since: 60, now: 62, outcome: { kind: 'unknown', reason: 'beat ∅: 2m < 5m30s' } },
  { name: 'a fresh beat from before a restart', last: beat(10), since: 12, now: 13, outcome: { kind: 'pass' } },
  {
    name: 'an old beat, and silence since we listen again',
    last: beat(10),
    since: 60,
    now: 66,
    outcome: { kind: 'fail', failure: { kind: 'timeout', reason: 'beat 1970-01-01T00:10:00.000Z: 56m > 5m30s' } },
  },
  { name: 'a clock that was set back', last: beat(10), since: 0, now: 3, outcome: { kind: 'pass' } },
])('$name is $outcome.kind', ({ last, since, now, outcome }) => {
  expect(judgeBeat({ everyMs: durationMs(5 * minute), graceMs: durationMs(30 * second) }, { last, since: at(since) }, at(now))).toEqual(outcome);
});

it('is judged by the collector on its own schedule, with what was heard as evidence', async () => {
  const built = buildKind(probeKinds, { id: 'backup', service: 's', interval: '1m', confirm: { times: 0 }, ...config }, undefined);
  if (!built.ok) throw new Error(JSON.stringify(built.issues));
  const clock = virtualClock(at(100));
  const stored: CheckResult[] = [];
  let seen: BeatSeen = { last: null, since: at(100) };
  const collector = startCollector({
    probes: [built.ready],
    vantages: [],
    clock,
    beats: (id) => (id === 'backup' ? seen : undefined),
    output: { checks: async (results) => void stored.push(...results) },
    onError: (error) => expect.fail(String(error)),
  });
  await clock.advance(durationMs(6.5 * minute));
  seen = { ...seen, last: beat(106, { message: 'night run', tookMs: durationMs(1_500) }) };
  await clock.advance(durationMs(6 * minute));
  await collector.stop();
  expect(stored.map(({ outcome }) => outcome.kind)).toEqual([...Array(5).fill('unknown'), 'fail', ...Array(5).fill('pass'), 'fail']);
  expect(stored[8]?.evidence).toEqual({ lastBeat: '1970-01-01T01:46:00.000Z', status: 'up', message: 'night run', tookMs: 1_500 });
  expect(await collector.runProbe('backup')).toMatchObject({ vantage: 'local' });
});

it('is unknown where nobody listens', async () => {
  expect((await lookWith(config)).outcome).toEqual({ kind: 'unknown', reason: 'only the running collector hears beats' });
});

it.each([
  { wrong: { token: 'short' }, said: 'token: a token is 16 to 200 letters, digits, "-" and "_"' },
  { wrong: { token: 'with/slash-in-it-and-more' }, said: 'token: a token is 16 to 200 letters, digits, "-" and "_"' },
  { wrong: { vantages: ['bj'] }, said: 'vantages: a push probe looks from nowhere: its beats come to us' },
  { wrong: { every: '0' }, said: 'every: must be between 1000 ms and 400 days' },
])('$said', ({ wrong, said }) => {
  expect(complaints({ ...config, ...wrong })).toEqual([said]);
});
