import type { FarView } from '#console/api/far-routes.ts';
import type { HealthView } from '#console/api/views.ts';
import { ask } from '#src/client.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('live:telemetry');
  const [answer, far] = await Promise.all([ask<HealthView>(fetch, '/health-report'), ask<FarView>(fetch, '/collectors')]);
  return { answer, far };
};
