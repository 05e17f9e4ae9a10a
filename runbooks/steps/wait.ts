import { defineKind } from '#lib/kinds.ts';
import { durationText } from '#lib/schema.ts';
import { gateField, gateSchema, plan, stepFields, stepShape } from './step.ts';

/** Let time pass, and go on only if the data still allow it. */
export const wait = defineKind({
  kind: 'wait',
  label: { 'zh-CN': '等待', en: 'Wait' },
  fields: [...stepFields, { id: 'for', label: { 'zh-CN': '多久', en: 'How long' }, input: 'duration', required: true }, gateField],
  shape: { ...stepShape, for: durationText, gate: gateSchema.optional() },
  make: ({ for: waitMs, gate }) => plan('data', { waitMs, gate: gate ?? null }),
});
