import type { ProbeRow } from '#console/api/views.ts';
import { ask } from '#src/client.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('live:probes');
  depends('live:telemetry');
  return { probes: await ask<{ probes: ProbeRow[] }>(fetch, '/probes') };
};
