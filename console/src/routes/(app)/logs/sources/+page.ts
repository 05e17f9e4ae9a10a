import type { SourcesView } from '#console/api/source-routes.ts';
import { ask } from '#src/client.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends }) => {
  depends('live:telemetry');
  return { answer: await ask<SourcesView>(fetch, '/sources') };
};
