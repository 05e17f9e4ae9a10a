import type { IncidentRow, ProbeRow } from '#console/api/views.ts';
import { ask } from '#src/client.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('live:incidents');
  const [probes, incidents] = await Promise.all([ask<{ probes: ProbeRow[] }>(fetch, '/probes'), ask<{ incidents: IncidentRow[] }>(fetch, '/incidents?state=all')]);
  return { probes, incidents };
};
