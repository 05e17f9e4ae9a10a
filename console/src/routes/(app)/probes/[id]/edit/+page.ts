import type { EntryView } from '#console/api/config-routes.ts';
import type { FormsView } from '#console/api/editing.ts';
import { ask } from '#src/client.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch, params }) => {
  const [forms, entry] = await Promise.all([ask<FormsView>(fetch, '/config/forms'), ask<EntryView>(fetch, `/config/probes/${encodeURIComponent(params.id)}`)]);
  return { id: params.id, forms, entry };
};
