import { z } from 'zod';
import { failureKinds } from '#collector/check.ts';
import { jsonPathText } from './json-path.ts';

/** How a step of a journey in a browser is written. What is sent to the child is the step as parsed, so it holds plain values only. */

const selector = z.string().min(1).max(500);
const storedName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a stored name is letters, digits and "_"');
const kind = z.enum(failureKinds);

/** Selector → text typed or option chosen. */
const inputs = z.record(selector, z.coerce.string().max(2_000)).refine((map) => Object.keys(map).length > 0, 'names nothing');

/** What must become true before the step's time is up. */
const waitSchema = z.union([
  selector.transform((css) => ({ selector: css, state: 'visible' as const })),
  z.strictObject({ selector, state: z.enum(['visible', 'hidden']).default('visible') }),
  z.strictObject({ text: z.string().min(1).max(500) }),
  /** A part of the page's address. */
  z.strictObject({ url: z.string().min(1).max(2_000) }),
]);

const textWish = { equals: z.coerce.string().optional(), contains: z.string().optional() };
const saysOne = { message: 'says nothing to expect', params: { hint: 'write equals, contains or count' } };
const expectSchema = z
  .strictObject({ selector, read: z.enum(['text', 'value']).default('text'), ...textWish, count: z.number().int().min(0).max(100_000).optional() })
  .refine(({ equals, contains, count }) => equals !== undefined || contains !== undefined || count !== undefined, saysOne);

/** From the page (`selector`, its text, value or an attribute). */
const storeSchema = z.strictObject({ selector, read: z.enum(['text', 'value']).default('text'), attribute: z.string().min(1).max(100).optional() });

/** The text of a captcha picture, asked of the service's test channel. */
const captchaSchema = z.strictObject({ url: z.string().min(1).max(2_000), json: jsonPathText, store: storedName });

/** The record known beforehand: no record is `missing`, a wrong field is `mismatch`. */
const compareSchema = z.strictObject({
  record: selector,
  /** What the page shows when there is no record, so that nobody waits for the time-out. */
  absent: selector.optional(),
  fields: z.record(z.string().min(1).max(100), z.strictObject({ selector, equals: z.coerce.string() })).refine((map) => Object.keys(map).length > 0, 'compares nothing'),
});

/** While the step waits, or once it failed: what is seen on the page tells what the failure means. */
const clueSchema = z.strictObject({ selector, contains: z.string().min(1).max(200).optional(), as: kind });

const actions = ['goto', 'fill', 'click', 'select', 'wait_for', 'expect', 'captcha', 'compare'] as const;

export const browserStepSchema = z
  .strictObject({
    name: z.string().min(1).max(60),
    goto: z.string().min(1).max(2_000).optional(),
    fill: inputs.optional(),
    click: selector.optional(),
    select: inputs.optional(),
    wait_for: waitSchema.optional(),
    expect: z.union([expectSchema.transform((one) => [one]), z.array(expectSchema).min(1).max(20)]).optional(),
    captcha: captchaSchema.optional(),
    compare: compareSchema.optional(),
    store: z.record(storedName, storeSchema).default({}),
    fails_when: z.array(clueSchema).max(10).default([]),
    fails_as: kind.optional(),
  })
  .refine((step) => actions.filter((action) => step[action] !== undefined).length === 1 || (actions.every((action) => step[action] === undefined) && Object.keys(step.store).length > 0), {
    message: 'does not do exactly one thing',
    params: { hint: `write one of ${actions.join(', ')}, or only store` },
  });
export type BrowserStep = z.output<typeof browserStepSchema>;

/** What the parent sends; secrets are among the values, so it goes through a pipe and never onto a command line. */
export interface BrowserJob {
  executablePath: string;
  sandbox: boolean;
  folder: string;
  steps: readonly BrowserStep[];
  values: Readonly<Record<string, string>>;
  secrets: readonly string[];
  budgetMs: number;
  userAgentSuffix: string;
  sourceAddress: string | null;
  allowMetadata: boolean;
  verifyCertificate: boolean;
  maxRequests: number;
  maxPages: number;
  trace: boolean;
  picturePass: boolean;
}

export interface BrowserVerdict {
  outcome: { kind: 'pass' } | { kind: 'fail'; failure: { kind: (typeof failureKinds)[number]; reason: string } } | { kind: 'unknown'; reason: string };
  step: string | null;
  steps: { name: string; ms: number }[];
  evidence: Record<string, unknown>;
  /** Names of files in the folder. */
  files: { screenshot?: string; trace?: string; waterfall?: string };
}

export type BrowserMessage = { step: string } | { verdict: BrowserVerdict };
