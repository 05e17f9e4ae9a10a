import type { RunbookView } from '#console/api/views.ts';
import { ask } from '#src/client.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends, params }) => {
  depends('live:config');
  return { id: params.id, answer: await ask<RunbookView>(fetch, `/runbooks/${encodeURIComponent(params.id)}`) };
};
