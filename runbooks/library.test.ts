import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runbookCheck } from './check.ts';
import { loadLibrary, readRunbooks } from './library.ts';
import { renderMarkdown } from './markdown.ts';

const dir = mkdtempSync(join(tmpdir(), 'fenghuo-runbooks-'));
afterAll(() => rmSync(dir, { recursive: true }));
const write = (name: string, text: string): string => {
  const path = join(dir, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
};
const small = (language: string, title: string, kind = 'check') =>
  `---\nid: small\ntitle: ${title}\nversion: 1\nlanguage: ${language}\nowner: a\n---\n\n## 1. ${title}\n\n\`\`\`yaml\nid: look\nkind: ${kind}\n\`\`\`\n\n${title}\n`;

async function check(...argv: string[]) {
  let out = '';
  let err = '';
  const code = await runbookCheck(argv, { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

describe('the shipped library', () => {
  const { runbooks, problems } = loadLibrary([]);
  test('has no problem and both languages of everything', () => {
    expect(problems).toEqual([]);
    expect(runbooks.map(({ id }) => id)).toEqual(['errors', 'login-captcha', 'slow-response', 'wrong-answer']);
    for (const { sources, title, steps } of runbooks) {
      expect(sources.map(({ language }) => language)).toEqual(['zh-CN', 'en']);
      for (const text of [title, ...steps.flatMap((step) => [step.title, step.body])]) expect(text['zh-CN']).not.toBe(text.en);
    }
  });

  test.each(runbooks.map((runbook) => ({ name: runbook.id, runbook })))(
    '$name looks, acts with a way back, decides between two arms, tells the public first and last, and verifies on data',
    ({ runbook: { steps } }) => {
      const of = (kind: string) => steps.filter((step) => step.kind === kind);
      expect(steps.length).toBeGreaterThanOrEqual(7);
      for (const step of of('act')) expect(step.undo).not.toBeNull();
      expect(of('decide').every(({ branches }) => branches.length === 2)).toBe(true);
      expect(of('publish').map(({ draft }) => draft?.status)).toEqual(['investigating', 'resolved']);
      for (const { draft } of of('publish')) expect(draft?.advice['zh-CN'].length).toBeGreaterThan(10);
      expect(of('verify').every(({ gate }) => gate !== null)).toBe(true);
      expect(steps.filter(({ panels }) => panels.length > 0).length).toBeGreaterThan(4);
    },
  );

  test('one of yours takes the place of a shipped one', () => {
    const mine = write('mine.md', small('zh-CN', '我的').replace('id: small', 'id: errors'));
    expect(
      loadLibrary([mine])
        .runbooks.filter(({ id }) => id === 'errors')
        .map(({ title }) => title['zh-CN']),
    ).toEqual(['我的']);
  });
});

describe('two languages of one runbook', () => {
  test('become one', () => {
    const { runbooks, problems } = readRunbooks([write('pair/zh.md', small('zh-CN', '看')), write('pair/en.md', small('en', 'Look'))]);
    expect(problems).toEqual([]);
    expect(runbooks[0]?.steps[0]?.title).toEqual({ 'zh-CN': '看', en: 'Look' });
  });
  test('must have the same steps', () => {
    const { problems } = readRunbooks([write('odd/zh.md', small('zh-CN', '看')), write('odd/en.md', small('en', 'Look', 'wait\nfor: 1m'))]);
    expect(problems).toMatchObject([{ file: expect.stringContaining('en.md'), line: 9, message: expect.stringContaining('look (wait)') }]);
  });
});

describe('fenghuo runbook check', () => {
  const bad = () =>
    write(
      'bad.md',
      `${small('zh-CN', '看')}\n## 2. 判断\n\n\`\`\`yaml\nid: d\nkind: decide\nbranch:\n  - { id: a, label: 甲, steps: nowhere }\n  - { id: b, label: 乙, steps: [] }\n\`\`\`\n\n## 3. 飞\n\n\`\`\`yaml\nid: f\nkind: fly\n\`\`\`\n\n## 4. 核验\n\n\`\`\`yaml\nid: v\nkind: verify\ngate: p95 < 2 for 5m\n\`\`\`\n`,
    );

  test('reports a dangling branch, an unknown kind and a gate without unit at once, as one JSON document', async () => {
    const { code, out } = await check(bad(), '--json');
    expect(code).toBe(1);
    const lines = readFileSync(join(dir, 'bad.md'), 'utf8').split('\n');
    const lineOf = (piece: string) => lines.findIndex((line) => line.includes(piece)) + 1;
    const answer = JSON.parse(out) as { ok: boolean; problems: { line: number; message: string; hint: string; file: string }[] };
    expect(answer.ok).toBe(false);
    expect(answer.problems.map(({ line, message }) => [line, message])).toEqual([
      [lineOf('nowhere'), expect.stringContaining('nowhere')],
      [lineOf('kind: fly'), expect.stringContaining('fly')],
      [lineOf('p95 < 2'), expect.stringContaining('no unit')],
    ]);
    expect(Object.keys(answer.problems[0] ?? {})).toEqual(['file', 'line', 'message', 'hint']);
  });

  test('a good file is good', async () => {
    expect(await check(write('good.md', small('zh-CN', '看')), '--json')).toMatchObject({ code: 0, out: '{"ok":true,"problems":[]}\n' });
  });
  test('a missing file could not be checked', async () => {
    expect((await check(join(dir, 'none.md'), '--json')).code).toBe(3);
  });
  test.each([{ argv: [] }, { argv: ['--loud', 'x.md'] }])('wrong usage $argv is told', async ({ argv }) => {
    expect(await check(...argv)).toMatchObject({ code: 2, err: expect.stringContaining('usage') });
  });
});

test.each(['<script>alert(1)</script>', '[x](javascript:alert(1))', '![x](http://evil/x.png)', '<img src=x onerror=alert(1)>', '[x](data:text/html,<script>)', '<a href="javascript:x">y</a>'])(
  'markdown shows %s as text',
  (text) => {
    expect(renderMarkdown(text)).not.toMatch(/<script|<img|<a [^>]*(javascript|data):|onerror=alert\(1\)>/);
  },
);
