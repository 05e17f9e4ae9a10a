import type { FormsView } from '#console/api/editing.ts';
import { ask } from '#src/client.ts';
import type { PageLoad } from './$types.js';

export const load: PageLoad = async ({ fetch }) => ({ forms: await ask<FormsView>(fetch, '/config/forms') });
