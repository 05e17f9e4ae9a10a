import { defineKind } from '#lib/kinds.ts';
import { actionSchema, gateField, gateSchema, plan, stepFields, stepShape, undoSchema } from './step.ts';

/** Change something; whatever changes something names its way back. */
export const act = defineKind({
  kind: 'act',
  label: { 'zh-CN': '处置', en: 'Act' },
  fields: [...stepFields, gateField],
  shape: { ...stepShape, gate: gateSchema.optional(), action: actionSchema.optional(), undo: undoSchema },
  make: ({ gate, action, undo }) => plan('person', { gate: gate ?? null, action: action ?? null, undo }),
});
