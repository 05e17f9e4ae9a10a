import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstBrokenLink } from '#lib/chain.ts';
import { unixMs } from '#lib/time.ts';
import { advance, type RunAsk, startRun, systemActor } from './advance.ts';
import { parseRunbook } from './parse.ts';
import { entryContent, type Run, type RunEntry, type RunStart, replay, verified } from './run.ts';

const text = `---
id: sample
title: 样例
version: 1
owner: 值班
---

## 1. 看
\`\`\`yaml
id: look
kind: check
\`\`\`

## 2. 做
\`\`\`yaml
id: fix
kind: act
action: { label: 切换, method: PUT, url: 'http://127.0.0.1/x', body: { on: false } }
undo: { label: 切回, method: PUT, url: 'http://127.0.0.1/x', body: { on: true } }
gate: error_ratio < 2% for 1m
\`\`\`

## 3. 判断
\`\`\`yaml
id: decide
kind: decide
branch:
  - { id: yes, label: 是, steps: watch }
  - { id: no, label: 否, steps: [again, manual] }
\`\`\`

## 4. 观察
\`\`\`yaml
id: watch
kind: wait
for: 1m
\`\`\`

## 5. 再判断
\`\`\`yaml
id: again
kind: decide
branch:
  - { id: a, label: 甲, steps: tell }
  - { id: b, label: 乙, steps: [] }
\`\`\`

## 6. 公告
\`\`\`yaml
id: tell
kind: publish
draft: { status: investigating, title: 标题, body: 正文, advice: 怎么办 }
\`\`\`

## 7. 人工
\`\`\`yaml
id: manual
kind: check
\`\`\`

## 8. 核验
\`\`\`yaml
id: verify
kind: verify
gate: error_ratio < 2% for 1m
\`\`\`
`;
const parsed = parseRunbook('sample.md', text);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
const start: RunStart = { id: 'r1', incidentId: 'i1', mode: 'live', runbook: parsed.file.runbook, params: {}, startedAt: unixMs(1_000) };
const actor = { kind: 'person', id: 'p1', name: '演示甲' } as const;
const because = { 'zh-CN': '告警', en: 'alert' };
const verdict = { at: unixMs(0), holds: true, value: 0.01, unit: 'ratio', samples: 9, vantages: 0, reason: because } as const;
const ids = parsed.file.runbook.steps.map(({ id }) => id);

function walk(events: readonly RunAsk[]): { run: Run; entries: RunEntry[]; refused: number } {
  const begun = startRun(start, { actor: systemActor, because });
  let run = begun.run;
  const entries = [...begun.entries];
  let refused = 0;
  events.forEach((event, index) => {
    const next = advance(run, { event, actor }, unixMs(2_000 + index));
    if (next.ok) {
      run = next.run;
      entries.push(...next.entries);
    } else refused++;
  });
  return { run, entries, refused };
}

const stepId = fc.constantFrom(...ids, 'nowhere');
const reason = fc.constantFrom('', '因为');
const phase = fc.constantFrom('running', 'done', 'failed', 'unknown');
const ask: fc.Arbitrary<RunAsk> = fc.oneof(
  fc.record({ kind: fc.constant('close' as const), stepId, note: reason, evidence: fc.constant(null) }),
  fc.record({ kind: fc.constant('skip' as const), stepId, reason, evidence: fc.constant(null) }),
  fc.record({ kind: fc.constant('override' as const), stepId, reason, evidence: fc.constant(null) }),
  fc.record({ kind: fc.constant('choose' as const), stepId, choice: fc.constantFrom('yes', 'no', 'a', 'b'), note: reason, evidence: fc.constant(null) }),
  fc.record({ kind: fc.constantFrom('act' as const, 'undo' as const), stepId, phase, key: fc.constant('k'), dryRun: fc.boolean(), detail: fc.constant(null) }),
  fc.record({ kind: fc.constant('gate' as const), stepId, held: fc.boolean(), verdict: fc.constant(verdict) }),
  fc.record({ kind: fc.constant('publish' as const), stepId, noticeId: fc.constant('n1'), evidence: fc.constant(null) }),
  fc.record({ kind: fc.constant('timer' as const), stepId, which: fc.constantFrom('soft', 'hard') }),
);
const closedStates = ['done', 'skipped', 'not_taken'];

describe('advance', () => {
  test('laws hold whatever is asked in whatever order', () => {
    fc.assert(
      fc.property(fc.array(ask, { maxLength: 60 }), (events) => {
        const { run, entries } = walk(events);
        expect(firstBrokenLink(entries.map((entry) => ({ ...entry, content: entryContent(entry) })))).toBeNull();
        const closed = new Set<string>();
        entries.forEach((_, index) => {
          const then = replay(start, entries.slice(0, index + 1));
          const open = Object.entries(then.steps).filter(([, step]) => step.state === 'open');
          expect(open.length).toBeLessThanOrEqual(1);
          for (const id of closed) expect(closedStates).toContain(then.steps[id]?.state);
          for (const [id, step] of Object.entries(then.steps)) if (closedStates.includes(step.state)) closed.add(id);
        });
        expect(replay(start, entries)).toEqual(run);
        expect(replay(start, JSON.parse(JSON.stringify(entries)) as RunEntry[])).toEqual(run);
        const open = Object.values(run.steps).filter((step) => step.state === 'open');
        expect(open.length).toBe(run.state === 'open' ? 1 : 0);
        if (run.state === 'ended') expect(Object.values(run.steps).every((step) => closedStates.includes(step.state))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('a refused event changes nothing and says why in both languages', () => {
    const { run } = walk([]);
    const answer = advance(run, { event: { kind: 'close', stepId: 'verify', note: '', evidence: null }, actor }, unixMs(3_000));
    expect(answer).toEqual({ ok: false, refusal: { 'zh-CN': '还没轮到这一步', en: 'this step is not open yet' } });
  });

  const close = (id: string): RunAsk => ({ kind: 'close', stepId: id, note: '', evidence: null });
  const act = (kind: 'act' | 'undo', id: string, at: 'running' | 'done' | 'unknown'): RunAsk => ({ kind, stepId: id, phase: at, key: 'k', dryRun: false, detail: null });
  const held = (id: string): RunAsk => ({ kind: 'gate', stepId: id, held: true, verdict });

  test('the arm not taken is recorded with all that hangs on it, and the steps after the branch go on', () => {
    const { run } = walk([close('look'), held('fix'), close('fix'), { kind: 'choose', stepId: 'decide', choice: 'yes', note: '', evidence: null }]);
    expect(Object.fromEntries(Object.entries(run.steps).map(([id, step]) => [id, step.state]))).toMatchObject({
      decide: 'done',
      watch: 'open',
      again: 'not_taken',
      tell: 'not_taken',
      manual: 'not_taken',
      verify: 'waiting',
    });
  });

  test.each([
    { name: 'a gate that does not hold keeps the step open', events: [close('look'), close('fix')], frontier: 'fix' },
    { name: 'a gate that holds lets it close', events: [close('look'), held('fix'), close('fix')], frontier: 'decide' },
    { name: 'a named reason lets it pass', events: [close('look'), { kind: 'override', stepId: 'fix', reason: '夜间流量不足', evidence: null }], frontier: 'decide' },
    { name: 'an override without a reason does not', events: [close('look'), { kind: 'override', stepId: 'fix', reason: ' ', evidence: null }], frontier: 'fix' },
    { name: 'a running action keeps the step open', events: [close('look'), held('fix'), act('act', 'fix', 'running'), close('fix')], frontier: 'fix' },
    {
      name: 'a wait does not close before its time',
      events: [close('look'), held('fix'), close('fix'), { kind: 'choose', stepId: 'decide', choice: 'yes', note: '', evidence: null }, close('watch')],
      frontier: 'watch',
    },
    { name: 'a decision cannot be skipped', events: [close('look'), held('fix'), close('fix'), { kind: 'skip', stepId: 'decide', reason: '不想', evidence: null }], frontier: 'decide' },
  ] satisfies { name: string; events: RunAsk[]; frontier: string }[])('$name', ({ events, frontier }) => {
    expect(walk(events).run.frontier).toBe(frontier);
  });

  test('an action that was done is not done again, an unknown one may be tried again, and undo opens it anew', () => {
    expect(walk([close('look'), act('act', 'fix', 'running'), act('act', 'fix', 'done'), act('act', 'fix', 'running')]).refused).toBe(1);
    expect(walk([close('look'), act('act', 'fix', 'running'), act('act', 'fix', 'unknown'), act('act', 'fix', 'running')]).refused).toBe(0);
    const undone = walk([close('look'), act('act', 'fix', 'running'), act('act', 'fix', 'done'), act('undo', 'fix', 'running'), act('undo', 'fix', 'done'), act('act', 'fix', 'running')]);
    expect(undone.refused).toBe(0);
  });

  test('a run is verified once the verify steps on its way are closed by data', () => {
    const way: RunAsk[] = [
      close('look'),
      held('fix'),
      close('fix'),
      { kind: 'choose', stepId: 'decide', choice: 'yes', note: '', evidence: null },
      { kind: 'skip', stepId: 'watch', reason: '已看过', evidence: null },
    ];
    expect(verified(walk(way).run)).toBe(false);
    const done = walk([...way, held('verify'), close('verify')]).run;
    expect([verified(done), done.state]).toEqual([true, 'ended']);
  });
});
