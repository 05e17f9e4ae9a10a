import type { AlertView } from '#console/api/views.ts';
import { ask } from '#src/client.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends, params }) => {
  depends('live:alerts');
  depends('live:telemetry');
  return { view: await ask<AlertView>(fetch, `/alerts/${encodeURIComponent(params.fingerprint)}`) };
};
