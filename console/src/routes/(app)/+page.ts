import type { OverviewView } from '#console/api/views.ts';
import { ask } from '#src/client.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends }) => {
  for (const topic of ['telemetry', 'alerts', 'incidents', 'components', 'notices', 'probes'] as const) depends(`live:${topic}`);
  return { overview: await ask<OverviewView>(fetch, '/overview') };
};
