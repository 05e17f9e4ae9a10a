import type { RunbookRow } from '#console/api/views.ts';
import { ask } from '#src/client.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('live:config');
  return { answer: await ask<{ runbooks: RunbookRow[] }>(fetch, '/runbooks') };
};
