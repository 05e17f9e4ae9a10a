import { defineKind } from '#lib/kinds.ts';
import { gateField, gateSchema, plan, stepFields, stepShape } from './step.ts';

/** Look, and say what was seen. */
export const check = defineKind({
  kind: 'check',
  label: { 'zh-CN': '检查', en: 'Check' },
  fields: [...stepFields, gateField],
  shape: { ...stepShape, gate: gateSchema.optional() },
  make: ({ gate }) => plan('person', { gate: gate ?? null }),
});
