import type { FarView } from '#console/api/far-routes.ts';
import type { TokensView } from '#console/api/token-routes.ts';
import type { HealthView } from '#console/api/views.ts';
import { ask } from '#src/client.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, depends, parent }) => {
  depends('live:telemetry');
  const { session } = await parent();
  const [answer, far, tokens] = await Promise.all([
    ask<HealthView>(fetch, '/health-report'),
    ask<FarView>(fetch, '/collectors'),
    // Only an administrator may see them.
    session.value?.person.role === 'admin' ? ask<TokensView>(fetch, '/tokens') : null,
  ]);
  return { answer, far, tokens };
};
