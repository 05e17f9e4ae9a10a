import type { ProbeView } from '#console/api/views.ts';
import { systemClock } from '#lib/clock.ts';
import { ask } from '#src/client.ts';
import { rangeQuery } from '#src/range.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends, params, url }) => {
  depends('live:probes');
  depends('live:telemetry');
  const path = `/probes/${encodeURIComponent(params.id)}`;
  return { id: params.id, view: await ask<ProbeView>(fetch, `${path}?${rangeQuery(url, systemClock.now())}`, path) };
};
