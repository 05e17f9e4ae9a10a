import type { SilencesView } from '#console/api/alert-routes.ts';
import type { AlertRow } from '#console/api/views.ts';
import { ask } from '#src/client.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends, url }) => {
  depends('live:alerts');
  const state = url.searchParams.get('state') === 'all' ? 'all' : 'active';
  const [list, silences] = await Promise.all([ask<{ alerts: AlertRow[]; nextEvaluationAt: string | null }>(fetch, `/alerts?state=${state}`), ask<SilencesView>(fetch, '/silences')]);
  return { state, list, silences };
};
