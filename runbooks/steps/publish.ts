import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { bilingualText, durationText, idText } from '#lib/schema.ts';
import { impacts, noticeStatuses } from '../notice-template.ts';
import { plan, stepFields, stepShape } from './step.ts';

const draftSchema = z
  .strictObject({
    status: z.enum(noticeStatuses),
    impact: z.enum(impacts).default('minor'),
    title: bilingualText,
    body: bilingualText,
    /** What users can do now; never left out, because it is what they came for. */
    advice: bilingualText,
    components: z.array(idText).default([]),
    next_update: durationText.optional(),
  })
  .transform(({ next_update, ...words }) => ({ ...words, nextUpdateInMs: next_update ?? null }));

/** Tell the public, with words already drafted. */
export const publish = defineKind({
  kind: 'publish',
  label: { 'zh-CN': '发布公告', en: 'Publish' },
  fields: stepFields,
  shape: { ...stepShape, draft: draftSchema },
  make: ({ draft }) => plan('publication', { draft }),
});
