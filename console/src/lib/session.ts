import { createContext } from 'svelte';
import type { SessionView } from '#console/api/views.ts';

/** Who is looking, for everything inside the frame. */
export const [getSession, setSession] = createContext<() => SessionView>();
