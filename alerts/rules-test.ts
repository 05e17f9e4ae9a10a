import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import type { z } from 'zod';
import { failureText } from '#lib/file-error.ts';
import type { Bilingual } from '#lib/text.ts';
import { notUtf8, readUtf8 } from '#lib/utf8.ts';
import { pathText } from '#lib/yaml-source.ts';
import type { Rule } from './rules/rule.ts';
import { type RulesTestFile, testFileSchema } from './rules-test-file.ts';
import { judgeTest, type TestFailure } from './rules-test-judge.ts';
import { rulesSection } from './settings.ts';

export interface TestIo {
  out(text: string): void;
  err(text: string): void;
}

interface Tally {
  passed: number;
  failed: number;
  failures: TestFailure[];
}

const usage = 'usage: fenghuo rules test FILE… [--json]\n';

/** `fenghuo rules test`: 0 when everything holds, 1 when something does not, 2 for wrong usage, 3 when a file cannot be read. */
export async function rulesTest(argv: readonly string[], io: TestIo): Promise<number> {
  const flags = argv.filter((word) => word.startsWith('-'));
  const files = argv.filter((word) => !word.startsWith('-'));
  const unknown = flags.find((flag) => flag !== '--json');
  if (files.length === 0 || unknown) {
    io.err(`${unknown ? `${unknown} is not an option here\n` : 'say which files to test\n'}${usage}`);
    return 2;
  }
  const tally: Tally = { passed: 0, failed: 0, failures: [] };
  for (const file of files) {
    const read = await readTestFile(file);
    if (read.kind === 'unreadable') {
      io.err(`${read.message}\n`);
      if (flags.includes('--json')) io.out(`${JSON.stringify({ ...tally, error: read.message })}\n`);
      return 3;
    }
    if (read.kind === 'invalid') for (const problem of read.problems) fail(tally, { test: file, at: '', expected: 'a valid test file', got: problem });
    else await runFile(file, read, tally);
  }
  report(tally, io, flags.includes('--json'));
  return tally.failed > 0 ? 1 : 0;
}

async function runFile(file: string, { rules, content }: { rules: readonly Rule[]; content: RulesTestFile }, tally: Tally): Promise<void> {
  for (const [index, test] of content.tests.entries()) {
    const name = test.name ?? `${file}#${index + 1}`;
    const result = await judgeTest(test, { name, rules, alerting: content.alerting, evaluationIntervalMs: content.evaluation_interval });
    tally.passed += result.passed;
    tally.failed += result.failures.length;
    tally.failures.push(...result.failures);
  }
}

function fail(tally: Tally, failure: TestFailure): void {
  tally.failed++;
  tally.failures.push(failure);
}

function report(tally: Tally, io: TestIo, json: boolean): void {
  if (json) {
    io.out(`${JSON.stringify(tally)}\n`);
    return;
  }
  for (const { test, at, expected, got } of tally.failures) io.out(`✗ ${test}${at ? ` @ ${at}` : ''}\n    expected ${show(expected)}\n    got      ${show(got)}\n`);
  io.out(`${tally.passed} passed, ${tally.failed} failed\n`);
}

const show = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

type ReadFile = { kind: 'ok'; rules: Rule[]; content: RulesTestFile } | { kind: 'invalid'; problems: string[] } | { kind: 'unreadable'; message: string };

async function readTestFile(file: string): Promise<ReadFile> {
  const text = await tryRead(file);
  if (!Buffer.isBuffer(text)) return { kind: 'unreadable', message: text.en };
  const raw = tryParse(text);
  if (!raw.ok) return { kind: 'invalid', problems: [raw.message] };
  const parsed = testFileSchema.safeParse(raw.value);
  if (!parsed.success) return { kind: 'invalid', problems: parsed.error.issues.map(issueText) };
  const rules: Rule[] = [];
  const problems: string[] = [];
  const sources: { name: string; value: unknown }[] = parsed.data.rules === undefined ? [] : [{ name: 'rules', value: parsed.data.rules }];
  for (const name of parsed.data.rule_files) {
    const ruleText = await tryRead(resolve(dirname(file), name));
    if (!Buffer.isBuffer(ruleText)) return { kind: 'unreadable', message: ruleText.en };
    const value = tryParse(ruleText);
    if (value.ok) sources.push({ name, value: value.value });
    else problems.push(`${name}: ${value.message}`);
  }
  for (const { name, value } of sources) {
    const section = rulesSection.safeParse(rulesIn(value));
    if (section.success) rules.push(...section.data);
    else problems.push(...section.error.issues.map((issue) => `${name}: ${issueText(issue)}`));
  }
  return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'ok', rules, content: parsed.data };
}

/** A bare list, `rules: [...]`, or Prometheus' `groups: [ { rules: [...] } ]`. */
function rulesIn(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const file = value as { rules?: unknown; groups?: { rules?: unknown[] }[] };
  return Array.isArray(file.groups) ? file.groups.flatMap((group) => group.rules ?? []) : (file.rules ?? []);
}

const issueText = (issue: z.core.$ZodIssue): string => `${pathText(issue.path as (string | number)[])}: ${issue.message}`;

/** The bytes, or why there are none. */
async function tryRead(file: string): Promise<Buffer | Bilingual> {
  try {
    return await readFile(file);
  } catch (error) {
    return failureText(error);
  }
}

function tryParse(bytes: Buffer): { ok: true; value: unknown } | { ok: false; message: string } {
  const read = readUtf8(bytes);
  if (!read.ok) return { ok: false, message: `${notUtf8.message} (line ${read.line})` };
  try {
    return { ok: true, value: parse(read.text) as unknown };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}
