import type { RE2JS } from 're2js';
import { z } from 'zod';
import { durationText } from '#lib/schema.ts';
import { type DurationMs, formatDuration } from '#lib/time.ts';
import { type Answer, type Assertion, type Miss, notJson } from './answer.ts';
import { assertionKinds } from './assertions/index.ts';
import { type Comparison, comparisonShape, regexText, saysSomething, shortfall, shown } from './compare.ts';
import { jsonPathText, readJsonPath } from './json-path.ts';

/** What an answer must look like: `{ status: 2xx }`, `{ json: $.code, equals: "001" }`, `{ contains: text }`, … */

/** `200`, `2xx`, `200-299` or a list of these. */
const statusText = z.union([z.number().int(), z.string(), z.array(z.union([z.number().int(), z.string()]))]).transform((raw, context) => {
  const text = [raw].flat().map(String);
  const ranges = text.map(statusRange);
  const wrong = text.find((_, index) => ranges[index] === undefined);
  if (wrong === undefined) return { text: text.join(', '), ranges: ranges.filter((range) => range !== undefined) };
  context.addIssue({ code: 'custom', message: `"${wrong}" is not a status`, params: { hint: 'for example 200, 2xx, 200-204' } });
  return z.NEVER;
});

function statusRange(text: string): { from: number; to: number } | undefined {
  const digits = /^([1-5])(\d\d|xx)(?:-([1-5]\d\d))?$/.exec(text);
  if (!digits) return undefined;
  const [, head, tail, to] = digits;
  if (tail === 'xx') return to ? undefined : { from: Number(head) * 100, to: Number(head) * 100 + 99 };
  const from = Number(`${head}${tail}`);
  return { from, to: to ? Number(to) : from };
}

const named = (message: string) => ({ message, params: { hint: 'add equals, not_equals, contains, matches, above, below or exists' } });

const subjects = {
  status: z.strictObject({ status: statusText }).transform(({ status }) => aboutStatus(status)),
  json: z
    .strictObject({ json: jsonPathText, ...comparisonShape })
    .refine(saysSomething, named('says nothing about the value at the path'))
    .transform(({ json, ...expected }) => aboutJson(json, expected)),
  header: z
    .strictObject({ header: z.string().min(1), ...comparisonShape })
    .refine(saysSomething, named('says nothing about the header'))
    .transform(({ header, ...expected }) => aboutHeader(header, expected)),
  contains: z.strictObject({ contains: z.string().min(1) }).transform(({ contains }) => aboutBody(`∋ ${shown(contains)}`, (body) => body.includes(contains))),
  lacks: z.strictObject({ lacks: z.string().min(1) }).transform(({ lacks }) => aboutBody(`∌ ${shown(lacks)}`, (body) => !body.includes(lacks))),
  regex: z.strictObject({ regex: regexText }).transform(({ regex }: { regex: RE2JS }) => aboutBody(`~ ${regex.pattern()}`, (body) => regex.matcher(body).find())),
  certificate_valid_for: z.strictObject({ certificate_valid_for: durationText }).transform(({ certificate_valid_for }) => aboutCertificate(certificate_valid_for)),
  ...assertionKinds,
} as const;
type Subject = keyof typeof subjects;
export const assertionSubjects = Object.keys(subjects);
/** The others may themselves say `contains`, so they are asked first. */
const inTurn = (Object.keys(subjects) as Subject[]).toSorted((a, b) => Number(a === 'contains') - Number(b === 'contains'));

/** One assertion, told apart by its subject. */
export const assertionSchema = z.record(z.string(), z.unknown()).transform((raw, context): Assertion => {
  const subject = inTurn.find((name) => name in raw);
  if (subject === undefined) {
    context.addIssue({ code: 'custom', message: 'is not an assertion', params: { hint: `one of ${Object.keys(subjects).join(', ')}` } });
    return z.NEVER;
  }
  const parsed = subjects[subject].safeParse(raw);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.addIssue({ ...issue, message: issue.message } as Parameters<typeof context.addIssue>[0]);
  return z.NEVER;
});

/** Unless an assertion speaks of the status, an answer must be 2xx. */
export function withStatus(assertions: readonly Assertion[]): readonly Assertion[] {
  return assertions.some(({ about }) => about === 'status') ? assertions : [aboutStatus({ text: '2xx', ranges: [{ from: 200, to: 299 }] }), ...assertions];
}

/** The first assertion that does not hold; status is judged first because it explains the rest. */
export function firstMiss(assertions: readonly Assertion[], answer: Answer): Miss | null {
  const inOrder = [...assertions.filter(({ about }) => about === 'status'), ...assertions.filter(({ about }) => about !== 'status')];
  for (const assertion of inOrder) {
    const miss = assertion.judge(answer);
    if (miss) return miss;
  }
  return null;
}

function aboutStatus(expected: z.output<typeof statusText>): Assertion {
  return {
    about: 'status',
    judge({ status }) {
      if (expected.ranges.some(({ from, to }) => status >= from && status <= to)) return null;
      return { kind: 'status', reason: `HTTP ${status} ≠ ${expected.text}`, expected: expected.text, got: String(status) };
    },
  };
}

function aboutJson({ text, path }: z.output<typeof jsonPathText>, expected: Comparison): Assertion {
  return {
    about: 'json',
    judge(answer) {
      const body = answer.json();
      if (body === undefined) return notJson(answer);
      const seen = readJsonPath(body, path);
      const short = shortfall(seen, expected);
      return short === null ? null : { kind: 'assertion', reason: `${text} = ${shown(seen)}, ≠ ${short}`, expected: short, got: shown(seen) };
    },
  };
}

function aboutHeader(header: string, expected: Comparison): Assertion {
  return {
    about: 'header',
    judge(answer) {
      const seen = answer.headers[header.toLowerCase()];
      const short = shortfall(seen, expected);
      return short === null ? null : { kind: 'assertion', reason: `${header}: ${shown(seen)}, ≠ ${short}`, expected: short, got: shown(seen) };
    },
  };
}

function aboutBody(expected: string, holds: (body: string) => boolean): Assertion {
  return {
    about: 'body',
    judge: ({ body }) => (holds(body) ? null : { kind: 'assertion', reason: `body ${expected}: no`, expected, got: shown(body.slice(0, 80)) }),
  };
}

function aboutCertificate(least: DurationMs): Assertion {
  const expected = `≥ ${formatDuration(least)}`;
  return {
    about: 'certificate',
    judge({ certificateLeftMs }) {
      if (certificateLeftMs !== null && certificateLeftMs >= least) return null;
      const got = certificateLeftMs === null ? '∅' : formatDuration(certificateLeftMs);
      return { kind: 'tls', reason: `certificate ${got} < ${formatDuration(least)}`, expected, got };
    },
  };
}
