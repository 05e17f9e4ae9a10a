import { describe, expect, test } from 'vitest';
import { parseRunbook } from './parse.ts';

const head = `---
id: sample
title: 样例
version: 3
owner: 值班一线
---

先看这里。
`;
const step = (title: string, yaml: string, body = '照做。') => `\n## ${title}\n\n\`\`\`yaml\n${yaml}\n\`\`\`\n\n${body}\n`;
const good = `${head}${step('1. 看一眼', 'id: look\nkind: check\nrole: expert')}`;

describe('parseRunbook', () => {
  test('a small file becomes a runbook with typed steps', () => {
    const parsed = parseRunbook('a.md', `${good}${step('2. 核验', 'id: verify\nkind: verify\ngate: p95 < 2s for 5m over >= 3 vantages, >= 300 samples')}`);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { runbook } = parsed.file;
    expect(runbook).toMatchObject({ id: 'sample', version: '3', intro: { 'zh-CN': '先看这里。' } });
    expect(runbook.steps.map(({ id, kind, title, number, closedBy }) => [number, id, kind, title['zh-CN'], closedBy])).toEqual([
      [1, 'look', 'check', '看一眼', 'person'],
      [2, 'verify', 'verify', '核验', 'data'],
    ]);
    expect(runbook.steps[1]?.gate).toMatchObject({ holdForMs: 300_000, clauses: [{ minVantages: 3, minSamples: 300, condition: { measure: 'p95', limit: 2, comparison: '<' } }] });
  });

  test('a dangling branch, an unknown kind and a gate without unit are reported together, each with its line', () => {
    const text = `${good}${step('2. 判断', 'id: decide\nkind: decide\nbranch:\n  - { id: yes, label: 是, steps: nowhere }\n  - { id: no, label: 否, steps: [] }')}${step('3. 飞', 'id: fly\nkind: teleport')}${step('4. 核验', 'id: verify\nkind: verify\ngate: p95 < 2 for 5m')}`;
    const parsed = parseRunbook('bad.md', text);
    const lineOf = (piece: string) => text.split('\n').findIndex((line) => line.includes(piece)) + 1;
    expect(parsed).toMatchObject({
      ok: false,
      problems: [
        { file: 'bad.md', line: lineOf('nowhere'), message: expect.stringContaining('nowhere') },
        { file: 'bad.md', line: lineOf('teleport'), message: expect.stringContaining('teleport'), hint: expect.stringContaining('check') },
        { file: 'bad.md', line: lineOf('p95 < 2'), message: expect.stringContaining('no unit') },
      ],
    });
  });

  test.each([
    { name: 'no front matter', text: '# nothing\n\n## 1. a\n\n```yaml\nid: a\nkind: check\n```\n', says: 'front matter', line: 1 },
    { name: 'no steps', text: head, says: 'no steps', line: 1 },
    { name: 'broken YAML in the head', text: '---\nid: [a\ntitle: b\n---\n', says: '', line: 3 },
    { name: 'an unknown key in the head', text: head.replace('owner', 'colour: red\nowner'), says: '"colour"', line: 5 },
    { name: 'a step without fields', text: `${head}\n## 看\n\n只有话。\n`, says: 'no typed fields', line: 10 },
    { name: 'an unknown key in a step', text: `${head}${step('看', 'id: a\nkind: check\ncolour: red')}`, says: '"colour"', line: 15 },
    { name: 'an act without a way back', text: `${head}${step('做', 'id: a\nkind: act')}`, says: 'undo', line: 13 },
    { name: 'an id taken twice', text: `${head}${step('看', 'id: a\nkind: check')}${step('再看', 'id: a\nkind: check')}`, says: 'taken already on line 13', line: 22 },
    {
      name: 'a branch that leads back',
      text: `${good}${step('判断', 'id: d\nkind: decide\nbranch:\n  - { id: y, label: 是, steps: look }\n  - { id: n, label: 否, steps: [] }')}`,
      says: 'leads back',
      line: 26,
    },
    { name: 'a bad matcher', text: head.replace('owner', "applies_when: ['alertname']\nowner"), says: 'alertname', line: 5 },
    { name: 'a duration without unit', text: `${head}${step('等', 'id: a\nkind: wait\nfor: 10')}`, says: 'unit', line: 15 },
    { name: 'a heading inside a fence is not a step', text: `${head}${step('看', 'id: a\nkind: nope', '```\n## 不是步骤\n```')}`, says: 'nope', line: 14 },
  ])('$name is a problem with its line', ({ text, says, line }) => {
    const parsed = parseRunbook('x.md', text);
    if (parsed.ok) throw new Error('read without a problem');
    expect(parsed.problems.map((problem) => ({ line: problem.line, message: problem.message }))).toContainEqual({ line, message: expect.stringContaining(says) });
  });

  test('any bytes are read or refused, never thrown', () => {
    let seed = 7;
    const next = () => (seed = (seed * 16_807) % 2_147_483_647);
    for (let round = 0; round < 300; round++) {
      const pieces = ['---\n', '## ', '```yaml\n', '```\n', 'id: a\n', 'kind: decide\n', 'branch:\n', ' - [', '&a *a', '{{', '\u0000', '<<: *b\n', '关口', '"', ': '];
      const text = Array.from({ length: 40 }, () => pieces[next() % pieces.length]).join('');
      expect(() => parseRunbook('r.md', round % 2 ? `${good}${text}` : text)).not.toThrow();
    }
  });
});
