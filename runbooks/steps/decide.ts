import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { bilingualText, idText } from '#lib/schema.ts';
import { gateSchema, plan, stepFields, stepShape } from './step.ts';

const branchSchema = z
  .strictObject({
    id: idText,
    label: bilingualText,
    /** One step or several; an empty list goes straight on. */
    steps: z.union([idText.transform((step) => [step]), z.array(idText)]),
    when: gateSchema.optional(),
  })
  .transform(({ when, ...branch }) => ({ ...branch, when: when ?? null }));

/** Choose an arm; the others are recorded as not taken. */
export const decide = defineKind({
  kind: 'decide',
  label: { 'zh-CN': '判断', en: 'Decide' },
  fields: stepFields,
  shape: { ...stepShape, branch: z.array(branchSchema).min(2, 'a decision has at least two arms') },
  make: ({ branch }) => plan('choice', { branches: branch }),
});
