import type { AlertRow } from '#console/api/views.ts';
import { ask } from '#src/client.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('live:alerts');
  return { answer: await ask<{ alerts: AlertRow[] }>(fetch, '/alerts?state=all') };
};
