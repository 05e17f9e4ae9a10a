import type { HealthView } from '#console/api/views.ts';
import { ask } from '#src/client.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('live:telemetry');
  return { answer: await ask<HealthView>(fetch, '/health-report') };
};
