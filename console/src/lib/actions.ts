import type { AlertRow, NoticeDraft } from '#console/api/views.ts';
import { goto, invalidate, invalidateAll } from '$app/navigation';
import { memory, post, put, remove } from './client.ts';
import { language } from './language.svelte.ts';
import { perform } from './toast.svelte.ts';

/** Everything a person can do from the console: one function a deed; each says how it went and lets the page ask again. */
async function deed(act: () => Promise<unknown>, done: string): Promise<boolean> {
  const good = await perform(act, done);
  await Promise.all([invalidateAll(), invalidate('live:session')]);
  return good;
}

export const acknowledge = (alert: AlertRow, note: string): Promise<boolean> => deed(() => post(`/alerts/${alert.fingerprint}/acknowledge`, { note }), language.t.toast.acknowledged);

export const silence = (matchers: string[], minutes: number, comment: string): Promise<boolean> => deed(() => post('/silences', { matchers, minutes, comment }), language.t.toast.silenced);

export const endSilence = (id: string): Promise<boolean> => deed(() => remove(`/silences/${id}`), language.t.toast.silenceOver);

export async function declare(body: { alert?: string; runbook?: string }): Promise<boolean> {
  let id: string | undefined;
  const good = await perform(
    async () => {
      id = (await post<{ id?: string }>('/incidents', body)).id;
    },
    body.runbook ? language.t.toast.started : language.t.toast.declared,
  );
  if (good) await goto(id ? `/incidents/${id}` : '/incidents');
  return good;
}

export const addNote = (incident: string, text: string): Promise<boolean> => deed(() => post(`/incidents/${incident}/notes`, { text }), language.t.toast.noted);
export const takeRole = (incident: string, role: string, person: string): Promise<boolean> => deed(() => post(`/incidents/${incident}/role`, { role, person }), language.t.toast.saved);
export const setLevel = (incident: string, level: string): Promise<boolean> => deed(() => post(`/incidents/${incident}/level`, { level }), language.t.toast.saved);
export const closeIncident = (incident: string, reason: string): Promise<boolean> => deed(() => post(`/incidents/${incident}/close`, { reason }), language.t.toast.done);

/** The step of a run that a deed is about. */
export interface StepOf {
  runId: string;
  stepId: string;
}
const step = ({ runId, stepId }: StepOf, what: string, body: unknown): Promise<unknown> => post(`/runs/${runId}/steps/${stepId}/${what}`, body);

export const closeStep = (of: StepOf, note: string, choice?: string): Promise<boolean> => deed(() => step(of, 'close', choice === undefined ? { note } : { note, choice }), language.t.toast.closed);
export const skipStep = (of: StepOf, reason: string): Promise<boolean> => deed(() => step(of, 'skip', { reason }), language.t.toast.skippedStep);
export const actStep = (of: StepOf): Promise<boolean> => deed(() => step(of, 'act', {}), language.t.toast.done);
export const undoStep = (of: StepOf): Promise<boolean> => deed(() => step(of, 'undo', {}), language.t.toast.undone);
export const publishStep = (of: StepOf, draft: NoticeDraft): Promise<boolean> => deed(() => step(of, 'publish', { draft }), language.t.toast.published);

/** The token, told this once; undefined when it was refused. */
export async function addToken(name: string, scopes: readonly string[]): Promise<string | undefined> {
  let token: string | undefined;
  await deed(async () => {
    token = (await post<{ token: string }>('/tokens', { name, scopes })).token;
  }, language.t.tokens.made);
  return token;
}
export const revokeToken = (id: string): Promise<boolean> => deed(() => remove(`/tokens/${id}`), language.t.tokens.gone);

export const publishNotice = (draft: NoticeDraft, incidentId: string | null): Promise<boolean> =>
  deed(() => post('/notices', incidentId === null ? { draft } : { draft, incidentId }), language.t.toast.published);
export const updateNotice = (id: string, draft: NoticeDraft): Promise<boolean> => deed(() => post(`/notices/${id}/updates`, { draft }), language.t.toast.published);
export const setComponent = (id: string, status: string): Promise<boolean> => deed(() => post(`/components/${id}/status`, { status }), language.t.toast.saved);

export const setFault = (name: string, on: boolean): Promise<boolean> =>
  deed(() => put(`/demo/faults/${name}`, on ? { on, for: '2m' } : { on }), on ? language.t.toast.faultOn : language.t.toast.faultOff);

export async function signOut(): Promise<void> {
  const good = await perform(() => post('/sign-out'), language.t.toast.signedOut);
  if (!good) return;
  memory.forget();
  await goto('/sign-in');
}
