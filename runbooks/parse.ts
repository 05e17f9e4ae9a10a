import { z } from 'zod';
import { buildKind } from '#lib/kinds.ts';
import type { Problem } from '#lib/problem.ts';
import { bilingualText, idText, languageText } from '#lib/schema.ts';
import type { Bilingual, Language } from '#lib/text.ts';
import { durationMs } from '#lib/time.ts';
import { branchComplaints } from './branches.ts';
import { levels, type Param, type Runbook, roles, type Step, type StepPlan } from './runbook.ts';
import { outline, type Section, type YamlPart } from './sections.ts';
import { matchersText } from './settings.ts';
import { stepKinds } from './steps/index.ts';
import { stepShape } from './steps/step.ts';

export interface RunbookFile {
  language: Language;
  runbook: Runbook;
}
export type RunbookParse = { ok: true; file: RunbookFile } | { ok: false; problems: Problem[] };
type Say = (line: number, message: string, hint: string) => void;

const paramSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z][\w-]*$/, 'a parameter name is letters, digits, "_" and "-"'),
  about: bilingualText.optional(),
  from: z
    .string()
    .regex(/^label:[A-Za-z_][\w.]*$/, 'write label:NAME')
    .optional(),
  default: z.coerce.string().default(''),
});
const headSchema = z.strictObject({
  id: idText,
  title: z.string().min(1),
  version: z.coerce.string().min(1),
  language: languageText.default('zh-CN'),
  owner: z.string().min(1),
  approver: z.string().min(1).optional(),
  review_due: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/, 'a date is written like 2027-03-01')
    .optional(),
  applies_when: z
    .union([z.string().transform((text) => [text]), z.array(z.string())])
    .pipe(z.array(z.string()).superRefine(checkMatchers))
    .default([]),
  not_when: z.string().optional(),
  level: z.enum(levels).optional(),
  roles: z.array(z.enum(roles)).default([]),
  params: z.array(paramSchema).default([]),
});

function checkMatchers(texts: string[], context: z.RefinementCtx): void {
  texts.forEach((text, index) => {
    const parsed = matchersText.safeParse(text);
    if (!parsed.success) for (const issue of parsed.error.issues) context.addIssue({ code: 'custom', message: issue.message, path: [index], params: { hint: 'write it like alertname="Slow"' } });
  });
}

/** Reads one runbook file; every problem in it is reported at once, each with its line. */
export function parseRunbook(file: string, text: string): RunbookParse {
  const problems: Problem[] = [];
  const say: Say = (line, message, hint) => problems.push({ file, line, path: '', message, hint });
  const { frontMatter, intro, sections } = outline(text);
  const head = readHead(frontMatter, say);
  if (sections.length === 0) say(1, 'the runbook has no steps', 'each step is a "## heading" followed by a ```yaml block');
  const steps = sections.map((section, index) => readStep(section, { number: index + 1, say }));
  for (const { line, message, hint } of branchComplaints(sections)) say(line, message, hint);
  if (problems.length > 0 || !head) return { ok: false, problems: problems.sort((a, b) => a.line - b.line) };
  const runbook: Runbook = {
    id: head.id,
    title: both(head.title),
    version: head.version,
    owner: head.owner,
    approver: head.approver ?? null,
    reviewDue: head.review_due ?? null,
    appliesWhen: head.applies_when,
    notWhen: head.not_when ? both(head.not_when) : null,
    level: head.level ?? null,
    params: head.params.map((param): Param => ({ id: param.id, about: param.about ?? null, from: param.from ?? null, default: param.default })),
    intro: both(intro),
    steps: steps.filter((step) => step !== null),
    sources: [{ language: head.language, file, text }],
  };
  return { ok: true, file: { language: head.language, runbook } };
}

/** A file speaks one language; until it is joined with its twin, both sides say the same. */
const both = (text: string): Bilingual => ({ 'zh-CN': text, en: text });

function readHead(part: YamlPart | null, say: Say): z.output<typeof headSchema> | null {
  if (!part) {
    say(1, 'the file does not begin with front matter', 'begin with a line "---", then id, title, version and owner, then "---"');
    return null;
  }
  sayBrokenYaml(part, say);
  if (part.errors.length > 0) return null;
  const parsed = headSchema.safeParse(part.value ?? {});
  if (!parsed.success) sayIssues(parsed.error.issues, { part }, say);
  return parsed.success ? parsed.data : null;
}

function readStep({ title, line, yaml, body }: Section, { number, say }: { number: number; say: Say }): Step | null {
  if (title === '') say(line, 'the step has no title', 'write it after "##"');
  if (!yaml) {
    say(line, `step "${title}" has no typed fields`, 'put a ```yaml block with id and kind right under the heading');
    return null;
  }
  sayBrokenYaml(yaml, say);
  if (yaml.errors.length > 0) return null;
  if (typeof yaml.value !== 'object' || yaml.value === null || Array.isArray(yaml.value)) {
    say(yaml.line, `the fields of step "${title}" are not "key: value" lines`, 'begin with id: and kind:');
    return null;
  }
  const built = buildKind<StepPlan, void>(stepKinds, yaml.value as Record<string, unknown>, undefined);
  if (!built.ok) {
    sayIssues(built.issues, { part: yaml }, say);
    return null;
  }
  const shared = z.object(stepShape).safeParse(yaml.value);
  if (!shared.success) return null;
  const { id, role, accountable, timer, panels } = shared.data;
  const words = {
    title: both(title),
    body: both(body),
    timer: timer ? { softMs: timer.soft ?? null, hardMs: durationMs(timer.hard), onExpire: timer.on_expire ?? null } : null,
  };
  return { ...built.ready, ...words, id, number, kind: String(built.config.kind), role, accountable: accountable ?? null, panels, line };
}

/** Only the first complaint of a block: the others are its echo. */
function sayBrokenYaml({ errors }: YamlPart, say: Say): void {
  for (const { line, message } of errors.slice(0, 1)) say(line, message, 'mend the YAML; a text with ": " or braces in it goes in quotes');
}

function sayIssues(issues: readonly z.core.$ZodIssue[], { part, base = [] }: { part: YamlPart; base?: readonly PropertyKey[] }, say: Say): void {
  for (const issue of issues) {
    const path = [...base, ...issue.path];
    if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      // The arm with the fewest complaints is the one the author meant.
      sayIssues([...issue.errors].sort((a, b) => a.length - b.length)[0] ?? [], { part, base: path }, say);
      continue;
    }
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) say(part.lineOf([...path, key]), `"${key}" is not a known key here`, 'check the spelling, or remove it');
      continue;
    }
    const name = path.map(String).join('.');
    const hint = issue.code === 'custom' && typeof issue.params?.hint === 'string' ? issue.params.hint : 'see docs/runbooks.md';
    say(part.lineOf(path), issue.code === 'custom' ? issue.message : `${name}: ${issue.message}`, hint);
  }
}
