import { describe, expect, it } from 'vitest';
import { virtualClock } from '#lib/clock.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import { createBlame } from './blame.ts';
import type { CheckResult, FailureKind, Outcome } from './check.ts';
import type { Probe } from './probes/probe.ts';

const vantage = { id: 'bj', region: '', carrier: '', sourceAddress: null, anchors: ['gateway:53', 'other:443'] };
const result = (outcome: Outcome): CheckResult => ({
  probeId: 'p',
  service: 's',
  vantage: 'bj',
  at: unixMs(0),
  durationMs: durationMs(1),
  outcome,
  phases: {},
  evidence: { address: '192.0.2.1' },
  attempt: 0,
});
const failed = (kind: FailureKind): CheckResult => result({ kind: 'fail', failure: { kind, reason: 'r' } });
const probe = (dependsOn: string[] = []): Probe => ({ dependsOn }) as unknown as Probe;

function harness({ answers = [] as string[], failing = [] as string[] } = {}) {
  const clock = virtualClock(unixMs(0));
  const asked: string[] = [];
  const blame = createBlame({
    clock,
    reach: async (address) => {
      asked.push(address);
      return answers.includes(address);
    },
    look: async (id) => {
      asked.push(id);
      return failing.includes(id) ? failed('status') : result({ kind: 'pass' });
    },
  });
  return { clock, asked, judge: (seen: CheckResult, about: { probe: Probe; vantage: typeof vantage } = { probe: probe(), vantage }) => blame.judge(seen, about) };
}

describe('whose fault a failure is', () => {
  it.each<[FailureKind, string[], string]>([
    ['connect', [], 'unknown'],
    ['dns', [], 'unknown'],
    ['timeout', [], 'unknown'],
    ['connect', ['other:443'], 'fail'],
    ['status', [], 'fail'],
    ['mismatch', [], 'fail'],
  ])('%s while %j answer is %s', async (kind, answers, outcome) => {
    expect((await harness({ answers }).judge(failed(kind))).outcome.kind).toBe(outcome);
  });

  it('says that the vantage is cut off, and keeps what was seen', async () => {
    expect(await harness().judge(failed('connect'))).toMatchObject({
      outcome: { kind: 'unknown', reason: 'this vantage is cut off: no answer from gateway:53, other:443' },
      evidence: { address: '192.0.2.1', failure: { kind: 'connect', reason: 'r' } },
    });
  });

  it('asks nobody when there is no anchor, and nothing about a pass', async () => {
    const { judge, asked } = harness();
    expect((await judge(failed('connect'), { probe: probe(), vantage: { ...vantage, anchors: [] } })).outcome.kind).toBe('fail');
    expect((await judge(result({ kind: 'slow' }))).outcome.kind).toBe('slow');
    expect(asked).toEqual([]);
  });

  it('asks once for many failures, and again after two seconds', async () => {
    const { clock, judge, asked } = harness();
    await Promise.all([judge(failed('connect')), judge(failed('dns')), judge(failed('timeout'))]);
    expect(asked).toHaveLength(2);
    await clock.advance(durationMs(2_000));
    await judge(failed('connect'));
    expect(asked).toHaveLength(4);
  });

  it('does not blame a probe for what it depends on', async () => {
    const { judge, asked } = harness({ answers: vantage.anchors, failing: ['db'] });
    expect((await judge(failed('status'), { probe: probe(['cache', 'db']), vantage })).outcome).toEqual({ kind: 'unknown', reason: 'depends on db, which fails' });
    expect((await judge(failed('status'), { probe: probe(['cache']), vantage })).outcome.kind).toBe('fail');
    expect(asked).toEqual(['cache', 'db']);
  });
});
