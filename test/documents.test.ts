import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ruleKinds } from '#alerts/rules/index.ts';
import { senderKinds } from '#alerts/senders/index.ts';
import { shape as alertShape } from '#alerts/settings.ts';
import { formats } from '#collector/formats/index.ts';
import { probeKinds } from '#collector/probes/index.ts';
import { shape as collectorShape } from '#collector/settings.ts';
import { sourceKinds } from '#collector/sources/index.ts';
import { parseConfig } from '#config';
import { panels } from '#console/api/panels.ts';
import { shape as noticeShape } from '#notices/settings.ts';
import { runbookCheck } from '#runbooks/check.ts';
import { measures } from '#runbooks/gate.ts';
import { shape as runbookShape } from '#runbooks/settings.ts';
import { stepKinds } from '#runbooks/steps/index.ts';
import { shape as editingShape } from '../editing-settings.ts';

/** The documents are held against the code: whole examples are read by the real parsers, and no key may be missing from the tables. */

const documents = { configuration: readFileSync('docs/configuration.md', 'utf8'), runbooks: readFileSync('docs/runbooks.md', 'utf8') };

/** Fenced blocks whose info string says that they are whole files. */
function wholeBlocks(text: string, info: string): string[] {
  return [...text.matchAll(/^(`{3,})(\S+ \S+)\n([\s\S]*?)^\1$/gm)].flatMap(([, , mark, content]) => (mark === info ? [content ?? ''] : []));
}

it('has a chapter for every section of the configuration', () => {
  const chapters = new Set([...documents.configuration.matchAll(/^## `(\w+)`/gm)].map(([, section]) => section));
  const sections = [alertShape, collectorShape, noticeShape, runbookShape, editingShape].flatMap((shape) => Object.keys(shape));
  expect(sections.filter((section) => !chapters.has(section))).toEqual([]);
});

it('every whole configuration in the documents is one', () => {
  const examples = wholeBlocks(documents.configuration, 'yaml fenghuo.yaml');
  expect(examples.length).toBeGreaterThan(0);
  for (const text of examples) {
    const names = [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name ?? '');
    const parsed = parseConfig([{ file: 'docs/configuration.md', text }], { environment: Object.fromEntries(names.map((name) => [name, 'ZGVtbw=='])), root: '.' });
    expect(parsed.ok ? [] : parsed.problems).toEqual([]);
  }
});

it('every whole runbook in the documents is one', async () => {
  const examples = wholeBlocks(documents.runbooks, 'markdown runbook');
  expect(examples.length).toBeGreaterThan(0);
  const folder = mkdtempSync(join(tmpdir(), 'fenghuo-documents-'));
  const files = examples.map((text, index) => {
    const file = join(folder, `${index}.md`);
    writeFileSync(file, text);
    return file;
  });
  let said = '';
  const code = await runbookCheck([...files, '--json'], { out: (text) => (said += text), err: () => undefined });
  expect(JSON.parse(said)).toEqual({ ok: true, problems: [] });
  expect(code).toBe(0);
});

const kinds = [
  { document: 'configuration', family: 'probe', list: probeKinds },
  { document: 'configuration', family: 'source', list: sourceKinds },
  { document: 'configuration', family: 'format', list: formats },
  { document: 'configuration', family: 'rule', list: ruleKinds },
  { document: 'configuration', family: 'sender', list: senderKinds },
  { document: 'runbooks', family: 'step', list: stepKinds },
] as const;

it.each(kinds.flatMap(({ document, family, list }) => list.map((kind) => ({ document, family, kind }))))('names every key of the $family kind $kind.kind', ({ document, kind }) => {
  const text = documents[document];
  const said = new Set([...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => (code ?? '').split(/[^\w.:]+/)));
  expect(text).toContain(kind.kind);
  expect(Object.keys(kind.schema.shape).filter((key) => !said.has(key))).toEqual([]);
});

it('names every panel and every measure a runbook may use', () => {
  const missing = [...panels.map(({ id }) => id), ...measures].filter((id) => !documents.runbooks.includes(`\`${id}\``));
  expect(missing).toEqual([]);
});
