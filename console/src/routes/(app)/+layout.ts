import { redirect } from '@sveltejs/kit';
import type { SessionView } from '#console/api/views.ts';
import { ask } from '#src/client.ts';
import type { LayoutLoad } from './$types.js';

export const load: LayoutLoad = async ({ fetch, depends, untrack, url }) => {
  depends('live:session');
  const session = await ask<SessionView>(fetch, '/session');
  if (session.problem?.status === 401) redirect(307, `/sign-in?next=${encodeURIComponent(untrack(() => url.pathname + url.search))}`);
  return { session };
};
