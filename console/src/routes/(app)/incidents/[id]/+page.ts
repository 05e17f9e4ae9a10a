import type { IncidentView, NoticeView } from '#console/api/views.ts';
import { ask } from '#src/client.ts';
import type { PublicComponent } from '#src/notices.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends, params }) => {
  for (const topic of ['incidents', 'alerts', 'notices', 'telemetry'] as const) depends(`live:${topic}`);
  const [view, notices] = await Promise.all([
    ask<IncidentView>(fetch, `/incidents/${encodeURIComponent(params.id)}`),
    ask<{ notices: NoticeView[]; components: PublicComponent[] }>(fetch, '/notices'),
  ]);
  return { id: params.id, view, components: notices.value?.components ?? [] };
};
