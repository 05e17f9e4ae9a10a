import type { IncidentRow } from '#console/api/views.ts';
import { ask } from '#src/client.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends, url }) => {
  depends('live:incidents');
  const state = url.searchParams.get('state') === 'all' ? 'all' : 'open';
  return { state, list: await ask<{ incidents: IncidentRow[] }>(fetch, `/incidents?state=${state}`) };
};
