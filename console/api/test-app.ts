import { virtualClock } from '#lib/clock.ts';
import { createApi } from './app.ts';
import { fakeNow, fakePorts } from './fake-ports.ts';
import type { ConsolePorts } from './ports.ts';

/** For tests: the API over fake ports, asked as the person named by `as`. */
export function started(changes: Partial<ConsolePorts> = {}) {
  const ports = fakePorts(changes);
  const errors: unknown[] = [];
  const api = createApi({ ports, clock: virtualClock(fakeNow), onError: (error) => errors.push(error) });
  const ask = (path: string, { as = 'admin', ...init }: RequestInit & { as?: string } = {}) =>
    api.request(`http://console.test${path}`, { ...init, headers: { host: 'console.test', cookie: as === '' ? '' : `who=${as}`, ...init.headers } });
  const send = (method: string, path: string, { as = 'admin', ...body }: Record<string, unknown> & { as?: string }) =>
    ask(path, { method, as, body: JSON.stringify(body), headers: { 'content-type': 'application/json', origin: 'http://console.test' } });
  return { ask, send, ports, errors };
}
