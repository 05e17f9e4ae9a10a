import type { Facts } from '#alerts/ports.ts';
import type { Bilingual } from '#lib/text.ts';
import { fillIn, fillInJson, type HttpAction } from './runbook.ts';

export type ActionOutcome = { phase: 'done' | 'failed' | 'unknown'; detail: string };
/** Makes one call, or only says what it would be. */
export type Perform = (action: HttpAction, ask: { params: Readonly<Record<string, string>>; key: string; dryRun: boolean }) => Promise<ActionOutcome>;

/** The address with the run's parameters in it; null when it is not set here, so the step is done by hand. */
export function actionUrl(action: HttpAction, params: Readonly<Record<string, string>>): string | null {
  const url = fillIn(action.url, params);
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) ? url : null;
}

/**
 * Calls the configured address once. A refused connection certainly did nothing; an answer decides; anything in between is unknown, and
 * is never tried again by itself. The key goes along, so that the other side can tell a repeated call from a new one.
 */
export const callHttp: Perform = async (action, { params, key, dryRun }) => {
  const url = actionUrl(action, params);
  if (url === null) return { phase: 'failed', detail: `the address "${action.url}" is not set` };
  if (dryRun) return { phase: 'done', detail: `${action.method} ${redact(url)}` };
  const headers: Record<string, string> = { 'idempotency-key': key };
  for (const [name, value] of Object.entries(action.headers)) headers[name] = fillIn(value, params);
  if (action.body !== null) headers['content-type'] ??= 'application/json';
  try {
    const answer = await fetch(url, {
      method: action.method,
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(action.timeoutMs),
      ...(action.body === null ? {} : { body: JSON.stringify(fillInJson(action.body, params)) }),
    });
    const detail = `HTTP ${answer.status}`;
    await answer.body?.cancel();
    // A server error or a gateway's timeout may have done its work before it failed to say so.
    return { phase: answer.ok ? 'done' : answer.status >= 500 ? 'unknown' : 'failed', detail };
  } catch (error) {
    return { phase: nothingSent(error) ? 'failed' : 'unknown', detail: reasonOf(error) };
  }
};

const nothingSent = (error: unknown): boolean => /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/.test(reasonOf(error));

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? (error.cause as Error & { code?: string }) : null;
  return cause?.code ?? cause?.message ?? error.message;
}

/** Addresses carry keys; only the place is worth keeping. */
const redact = (url: string): string => {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
};

/** Four figures of the service at an instant, for steps whose panels nobody else freezes. */
export async function figuresNow(
  facts: Facts,
  service: string,
  window: { from: number; until: number },
): Promise<{ id: string; title: Bilingual; unit: 'ratio' | 'seconds'; value: number | null; samples: number }[]> {
  const question = { by: [], where: service === '' ? {} : { service }, window: window as Parameters<Facts['metric']>[0]['window'] };
  const ratio = async (of: 'request.errors' | 'login.failed' | 'check.failed', over: 'request.total' | 'login.attempts' | 'check.total') => {
    const [row] = await facts.ratio({ of, over, ...question }).catch(() => []);
    return { value: row && row.over > 0 ? row.of / row.over : null, samples: row?.over ?? 0 };
  };
  const [latency] = await facts.metric({ metric: 'request.duration', agg: 'p95', ...question }).catch(() => []);
  return [
    { id: 'p95', title: { 'zh-CN': 'p95 耗时', en: 'p95 latency' }, unit: 'seconds', value: latency?.value ?? null, samples: latency?.samples ?? 0 },
    { id: 'error_ratio', title: { 'zh-CN': '错误率', en: 'Error ratio' }, unit: 'ratio', ...(await ratio('request.errors', 'request.total')) },
    { id: 'login_failure_ratio', title: { 'zh-CN': '登录失败率', en: 'Login failure ratio' }, unit: 'ratio', ...(await ratio('login.failed', 'login.attempts')) },
    { id: 'check_failure_ratio', title: { 'zh-CN': '探测失败率', en: 'Check failure ratio' }, unit: 'ratio', ...(await ratio('check.failed', 'check.total')) },
  ];
}
