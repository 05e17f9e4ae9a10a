import { redirect } from '@sveltejs/kit';
import type { PageLoad } from './$types.js';

export const load: PageLoad = ({ url }) => redirect(307, `/dashboards/latency${url.search}`);
