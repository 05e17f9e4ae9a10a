import { z } from 'zod';
import { bilingual, idText } from './inputs.ts';

/** A notice as a person wrote it. Both languages are owed to the public; the capability says so when one is empty. */
export const noticeDraft = z.strictObject({
  title: bilingual,
  status: z.enum(['investigating', 'identified', 'monitoring', 'resolved']),
  impact: z.enum(['none', 'minor', 'major', 'critical']),
  body: bilingual,
  advice: bilingual,
  components: z.array(idText).max(200),
  nextUpdateAt: z.iso.datetime({ offset: true }).nullable(),
});
