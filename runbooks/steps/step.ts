import { z } from 'zod';
import type { Field } from '#lib/kinds.ts';
import { bilingualText, durationText, idText } from '#lib/schema.ts';
import { durationMs, second } from '#lib/time.ts';
import { type Gate, parseGate } from '../gate.ts';
import { actionMethods, type HttpAction, roles, type StepPlan, type Undo } from '../runbook.ts';

/** `p95 < 2s for 5m` as a ready gate; each fault in it is a problem of its own. */
export const gateSchema = z.string().transform((text, context): Gate => {
  const parsed = parseGate(text);
  if (parsed.ok) return parsed.gate;
  for (const { message, hint } of parsed.problems) context.addIssue({ code: 'custom', message, params: { hint } });
  return z.NEVER;
});

const roleSchema = z.enum(roles);

/** The keys every kind of step has. */
export const stepShape = {
  id: idText,
  role: roleSchema.default('expert'),
  accountable: roleSchema.optional(),
  timer: z.strictObject({ soft: durationText.optional(), hard: durationText, on_expire: bilingualText.optional() }).optional(),
  panels: z.array(idText).default([]),
};

export const stepFields: readonly Field[] = [
  { id: 'id', label: { 'zh-CN': '编号', en: 'Id' }, input: 'text', required: true },
  {
    id: 'role',
    label: { 'zh-CN': '谁来做', en: 'Who does it' },
    input: 'select',
    required: false,
    options: roles.map((role) => ({ value: role, label: { 'zh-CN': role, en: role } })),
  },
  { id: 'panels', label: { 'zh-CN': '旁边的图', en: 'Panels beside it' }, input: 'list', required: false },
];

export const gateField: Field = {
  id: 'gate',
  label: { 'zh-CN': '关口', en: 'Gate' },
  input: 'text',
  required: false,
  help: { 'zh-CN': '例如 p95 < 2s for 5m', en: 'for example p95 < 2s for 5m' },
};

export const actionSchema = z
  .strictObject({
    kind: z.literal('http').default('http'),
    label: bilingualText,
    method: z.enum(actionMethods).default('POST'),
    url: z.string().regex(/^(https?:\/\/\S+|\{\{\s*[A-Za-z][\w.-]*\s*\}\}\S*)$/, 'must be an http address or a parameter such as {{captcha_switch}}'),
    headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/, 'not a header name'), z.string()).default({}),
    body: z.unknown().optional(),
    timeout: durationText.default(durationMs(10 * second)),
  })
  .transform(({ timeout, body, ...call }): HttpAction => ({ ...call, body: body ?? null, timeoutMs: timeout }));

export const undoSchema = z.union([actionSchema, z.strictObject({ by_hand: bilingualText }).transform(({ by_hand }): Undo => ({ kind: 'by_hand', label: by_hand }))]);

/** A plan with nothing in it; a kind names what it has. */
export const plan = (closedBy: StepPlan['closedBy'], parts: Partial<StepPlan> = {}): StepPlan => ({
  gate: null,
  waitMs: null,
  branches: [],
  action: null,
  undo: null,
  draft: null,
  ...parts,
  closedBy,
});
