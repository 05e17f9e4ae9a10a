import type { MailView } from '#console/api/views.ts';
import { ask } from '#src/client.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('live:inbox');
  return { answer: await ask<{ mails: MailView[] }>(fetch, '/demo/inbox') };
};
