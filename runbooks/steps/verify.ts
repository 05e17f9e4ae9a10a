import { defineKind } from '#lib/kinds.ts';
import { gateField, gateSchema, plan, stepFields, stepShape } from './step.ts';

/** Closes by itself once the data say that the service works; the incident resolves on it. */
export const verify = defineKind({
  kind: 'verify',
  label: { 'zh-CN': '核验', en: 'Verify' },
  fields: [...stepFields, { ...gateField, required: true }],
  shape: { ...stepShape, gate: gateSchema },
  make: ({ gate }) => plan('data', { gate }),
});
