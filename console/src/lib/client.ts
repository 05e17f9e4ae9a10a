import type { FormProblem } from '#console/api/editing.ts';
import type { ErrorView } from '#console/api/views.ts';
import type { Bilingual } from '#lib/text.ts';

/** Why an answer could not be had, in words for a person. */
export interface Problem {
  status: number;
  code: string;
  message: Bilingual;
  problems: { path: string; message: string; hint: string }[];
  /** The same in both languages, where a form was refused. */
  fields: readonly FormProblem[];
}

/** What a page was told: the newest value that arrived, and what went wrong since, if anything did. */
export interface Answer<T> {
  value: T | null;
  problem: Problem | null;
}

export class Refused extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.message.en);
    this.problem = problem;
  }
}

const unreachable: Problem = {
  status: 0,
  code: 'unreachable',
  message: { 'zh-CN': '连不上服务器，正在重试。请检查网络，或看看服务是否还在运行。', en: 'The server cannot be reached; retrying. Check the network, or whether the service still runs.' },
  problems: [],
  fields: [],
};

async function problemOf(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => null)) as { error?: Partial<ErrorView['error']> & { fields?: readonly FormProblem[] } } | null;
  const fallback = { 'zh-CN': `服务器答复 ${response.status}，没有说明原因。`, en: `The server answered ${response.status} without a reason.` };
  return {
    status: response.status,
    code: body?.error?.code ?? String(response.status),
    message: body?.error?.message ?? fallback,
    problems: body?.error?.problems ?? [],
    fields: body?.error?.fields ?? [],
  };
}

export type Fetch = typeof globalThis.fetch;

/** One request to `/api/v1`; throws `Refused` with a reason when it does not succeed. */
export async function request<T>(fetch: Fetch, path: string, init?: { method: 'POST' | 'PUT' | 'DELETE'; body?: unknown }): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, init ? { method: init.method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(init.body ?? {}) } : {});
  } catch {
    throw new Refused(unreachable);
  }
  if (!response.ok) throw new Refused(await problemOf(response));
  return (response.status === 204 ? {} : await response.json()) as T;
}

/** Remembers the last good answer of each question, so a failed refresh shows older facts with their fault instead of nothing. */
class Memory {
  #answers = new Map<string, unknown>();
  last<T>(key: string): T | null {
    return (this.#answers.get(key) as T | undefined) ?? null;
  }
  keep(key: string, value: unknown): void {
    if (this.#answers.size > 40) this.#answers.delete(this.#answers.keys().next().value ?? '');
    this.#answers.set(key, value);
  }
  forget(): void {
    this.#answers.clear();
  }
}
export const memory = new Memory();

/** Asks for a view; never throws for an expected failure. `key` names the question when the path carries moving instants. */
export async function ask<T>(fetch: Fetch, path: string, key: string = path): Promise<Answer<T>> {
  try {
    const value = await request<T>(fetch, path);
    memory.keep(key, value);
    return { value, problem: null };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const gone = error.problem.status === 401 || error.problem.status === 403 || error.problem.status === 404;
    return { value: gone ? null : memory.last<T>(key), problem: error.problem };
  }
}

export const post = <T = unknown>(path: string, body: unknown = {}): Promise<T> => request<T>(globalThis.fetch.bind(globalThis), path, { method: 'POST', body });
export const put = <T = unknown>(path: string, body: unknown = {}): Promise<T> => request<T>(globalThis.fetch.bind(globalThis), path, { method: 'PUT', body });
export const remove = (path: string): Promise<unknown> => request(globalThis.fetch.bind(globalThis), path, { method: 'DELETE' });
export const get = <T>(path: string): Promise<T> => request<T>(globalThis.fetch.bind(globalThis), path);
