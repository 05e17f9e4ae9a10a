import { afterAll, beforeAll } from 'vitest';
import { type TestEngine, testTelemetry } from './test-engine.ts';

/** For tests: one engine for the importing file, and statements sent to it as any HTTP client would. */

export let test: TestEngine;
beforeAll(async () => {
  test = await testTelemetry();
}, 60_000);
afterAll(() => test.stop());

interface Send {
  body?: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  url?: Record<string, string>;
}

export const ask = (query: string, { body, headers = {}, signal, url = {} }: Send = {}) =>
  fetch(`${test.engine.url}/?${new URLSearchParams({ database: 'fenghuo', ...url, ...(query ? { query } : {}) })}`, {
    method: 'POST',
    headers: { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': test.engine.password, ...headers },
    ...(body === undefined ? {} : { body }),
    ...(signal ? { signal } : {}),
  });
export const text = async (query: string, send: Send = {}) => (await ask(query, send)).text();
export const good = async (query: string, send: Send = {}) => {
  const response = await ask(query, send);
  if (!response.ok) throw new Error(await response.text());
  return response;
};

/** Order tells what a stopwatch on a busy machine cannot. */
export const settling = (end: Promise<unknown>) => {
  let settled = false;
  void end.finally(() => {
    settled = true;
  });
  return { end, settled: () => settled };
};

export const table = async (columns: string) => {
  const name = `t_${crypto.randomUUID().replaceAll('-', '')}`;
  await good(`CREATE TABLE ${name} (${columns}) ENGINE = MergeTree ORDER BY tuple()`);
  return name;
};
