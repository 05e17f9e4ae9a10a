import type { RE2JS } from 're2js';
import { z } from 'zod';
import type { FailureKind } from '#collector/check.ts';
import { durationText } from '#lib/schema.ts';
import { type DurationMs, formatDuration } from '#lib/time.ts';
import { type Comparison, comparisonShape, regexText, saysSomething, shortfall, shown } from './compare.ts';
import { type JsonPath, parseJsonPath, readJsonPath } from './json-path.ts';

/** What an answer must look like: `{ status: 2xx }`, `{ json: $.code, equals: "001" }`, `{ contains: text }`, … */

/** A whole HTTP answer as assertions and extractions see it. */
export interface Answer {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Parsed once, on first use; undefined when the body is not JSON. */
  json(): unknown;
  /** How long the certificate of the peer is still good; null without TLS. */
  certificateLeftMs: DurationMs | null;
}

export interface Miss {
  kind: FailureKind;
  reason: string;
  expected: string;
  got: string;
}

export interface Assertion {
  about: 'status' | 'json' | 'header' | 'body' | 'certificate';
  /** Null when it holds. */
  judge(answer: Answer): Miss | null;
}

/** A JSON path, parsed; a bad one is a problem of the configuration. */
export const jsonPathText = z.string().transform((text, context): { text: string; path: JsonPath } => {
  const path = parseJsonPath(text);
  if (path) return { text, path };
  context.addIssue({ code: 'custom', message: `"${text}" is not a JSON path`, params: { hint: "for example $.data.code, $.items[0].name, $['odd key']" } });
  return z.NEVER;
});

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
} as const;

/** One assertion, told apart by its subject. */
export const assertionSchema = z.record(z.string(), z.unknown()).transform((raw, context): Assertion => {
  // `json` and `header` may themselves say `contains`, so they are asked first.
  const subject = (['json', 'header', 'status', 'contains', 'lacks', 'regex', 'certificate_valid_for'] as const).find((name) => name in raw);
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
      if (body === undefined) return { kind: 'assertion', reason: 'JSON ∅', expected: 'JSON', got: shown(answer.body.slice(0, 80)) };
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
