import type { AppliedView, TriedLines } from '#console/api/config-routes.ts';
import type { ChangeAsk, Preview } from '#console/api/editing.ts';
import type { CheckView } from '#console/api/views.ts';
import { post } from '#src/client.ts';
import { language } from '#src/language.svelte.ts';
import { perform, toasts } from '#src/toast.svelte.ts';
import { invalidateAll } from '$app/navigation';

/** What the forms ask of the server. */

type Ask = Omit<ChangeAsk, 'section'>;
export const previewChange = (section: string, ask: Ask): Promise<Preview> => post(`/config/${section}/preview`, ask);
export const applyChange = (section: string, ask: Ask & { hash: string }): Promise<AppliedView> => post(`/config/${section}/apply`, ask);
export const previewRemoval = (section: string, id: string): Promise<Preview> => post(`/config/${section}/${encodeURIComponent(id)}/removal`);
export const removeEntry = (section: string, id: string, hash: string): Promise<AppliedView> => post(`/config/${section}/${encodeURIComponent(id)}/remove`, { hash });
export const tryProbe = (ask: Ask): Promise<CheckView> => post('/config/probes/try', ask);
export const tryLines = (ask: Ask & { lines: string[] | null }): Promise<TriedLines> => post('/config/sources/try', ask);

export async function undoChange(change: string): Promise<boolean> {
  const done = await perform(() => post(`/config/changes/${change}/undo`), language.t.forms.undone);
  await invalidateAll();
  return done;
}

/** Says that it is in force, with the way back at hand. */
export function sayApplied({ change, file }: AppliedView): void {
  toasts.add(language.t.forms.saved(file), false, { text: language.t.forms.undo, act: () => void undoChange(change) });
}
