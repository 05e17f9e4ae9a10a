import type { Context } from 'hono';
import type { Done } from '#lib/done.ts';
import type { Bilingual } from '#lib/text.ts';
import { iso, type UnixMs } from '#lib/time.ts';
import type { ErrorView } from './views.ts';

type Status = 400 | 401 | 403 | 404 | 408 | 409 | 413 | 415 | 422 | 429 | 500 | 502 | 503;
type Problems = NonNullable<ErrorView['error']['problems']>;

export const isoOrNull = (at: UnixMs | null): string | null => (at === null ? null : iso(at));

/** The one shape of every refusal. */
export const refusal = (code: string, message: Bilingual, problems?: Problems): ErrorView => ({ error: { code, message, ...(problems ? { problems } : {}) } });

export function refuse(c: Context, status: Status, { code, message, problems }: { code: string; message: Bilingual; problems?: Problems }): Response {
  // Senders of telemetry come back when they are told to; without a word some give up.
  if (status === 503) c.header('retry-after', '5');
  return c.json(refusal(code, message, problems), status);
}

export const notFound = (c: Context): Response => refuse(c, 404, { code: 'not-found', message: { 'zh-CN': '没有这一项', en: 'there is no such thing' } });

const statuses = { 'not-found': 404, conflict: 409, forbidden: 403, invalid: 422 } as const;

/** Answers with what a write gave, or why it was refused. */
export function done<Value>(c: Context, result: Done<Value>, view: (value: Value) => object = () => ({})): Response {
  if (result.ok) return c.json(view(result.value));
  return refuse(c, statuses[result.code], { code: result.code, message: result.message });
}

/** A typed answer: the compiler holds what is sent against the view the browser reads. */
export const answer = <View extends object>(c: Context, view: View): Response => c.json(view);
