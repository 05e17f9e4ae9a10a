import type { LogsView } from '#console/api/views.ts';
import { systemClock } from '#lib/clock.ts';
import { ask } from '#src/client.ts';
import { rangeQuery } from '#src/range.ts';
import type { PageLoad } from './$types.js';

const filters = ['q', 'service', 'level', 'status', 'outcome', 'source', 'before'] as const;

export const load: PageLoad = async ({ fetch, depends, url }) => {
  depends('live:telemetry');
  const query = new URLSearchParams();
  for (const name of filters) {
    const value = url.searchParams.get(name);
    if (value) query.set(name, value);
  }
  return { answer: await ask<LogsView>(fetch, `/logs?${rangeQuery(url, systemClock.now())}&limit=200&${query}`, `/logs?${query}`) };
};
