import type { BoardView } from '#console/api/views.ts';
import { systemClock } from '#lib/clock.ts';
import { ask } from '#src/client.ts';
import { rangeQuery } from '#src/range.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends, params, url }) => {
  depends('live:telemetry');
  const path = `/boards/${encodeURIComponent(params.id)}`;
  const compare = url.searchParams.get('compare') === 'week' ? 'week' : 'none';
  return { id: params.id, board: await ask<BoardView>(fetch, `${path}?${rangeQuery(url, systemClock.now())}&compare=${compare}`, path) };
};
