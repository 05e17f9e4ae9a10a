import { http } from './http.ts';
import { journey } from './journey.ts';

/** Every kind of probe; a new kind is one file and one entry here. */
export const probeKinds = [http, journey] as const;
