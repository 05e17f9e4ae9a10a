import type { PatternsView } from '#console/api/pattern-view.ts';
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
  const range = rangeQuery(url, systemClock.now());
  const asPatterns = url.searchParams.get('view') === 'patterns';
  const since = url.searchParams.get('since');
  const mined = new URLSearchParams(query);
  mined.delete('before');
  if (since) mined.set('since', since);
  const [answer, patterns] = await Promise.all([
    ask<LogsView>(fetch, `/logs?${range}&limit=${asPatterns ? 1 : 200}&${query}`, `/logs?${query}`),
    asPatterns ? ask<PatternsView>(fetch, `/logs/patterns?${range}&${mined}`, `/logs/patterns?${mined}`) : null,
  ]);
  return { answer, patterns };
};
