import type { NoticeView } from '#console/api/views.ts';
import { ask } from '#src/client.ts';
import type { PublicComponent } from '#src/notices.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends, params }) => {
  depends('live:notices');
  return { id: params.id, answer: await ask<{ notices: NoticeView[]; components: PublicComponent[] }>(fetch, '/notices') };
};
