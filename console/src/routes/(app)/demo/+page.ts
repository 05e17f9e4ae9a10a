import type { FaultView } from '#console/api/views.ts';
import { ask } from '#src/client.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('live:faults');
  return { answer: await ask<{ faults: FaultView[] }>(fetch, '/demo/faults') };
};
