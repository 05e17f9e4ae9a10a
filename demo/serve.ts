import { durationMs } from '#lib/time.ts';
import { answer, type DemoAnswer, type DemoRequest } from './invoice-service.ts';
import type { LogFile } from './log-file.ts';
import { accessLine, loginLine } from './log-lines.ts';
import type { World } from './world.ts';

/** The service at work: waits as long as the answer takes and writes its logs. Sockets and simulated users come through the same door. */
export interface Service {
  world: World;
  accessLog: LogFile;
  loginLog: LogFile;
}

export type Served = Extract<DemoAnswer, { ending: 'sent' }> | { ending: 'reset' } | { ending: 'gone' };

/** What nginx writes when the client went away before the answer. */
const clientGone = 499;

/** `patience` is aborted when the client goes away. */
export async function serve(service: Service, request: DemoRequest, patience: AbortSignal): Promise<Served> {
  const { clock } = service.world;
  const startedAt = clock.elapsed();
  const reply = answer(request, service.world);
  // A service that is cut off writes nothing either.
  if (reply.ending === 'reset') return reply;
  const gone = await waited(reply.ending === 'hang' ? null : clock.sleep(durationMs(reply.afterMs), patience), patience);
  const seconds = (clock.elapsed() - startedAt) / 1_000;
  if (gone || reply.ending === 'hang') {
    logAccess(service, request, { status: clientGone, bytes: 0, seconds, code: '' });
    return { ending: 'gone' };
  }
  logAccess(service, request, { status: reply.status, bytes: Buffer.byteLength(reply.body), seconds, code: reply.code });
  if (reply.login) service.loginLog.write(loginLine({ ...reply.login, at: clock.now(), client: request.client, clientPort: request.clientPort }));
  return reply;
}

/** True when the client left first; without a wait only its leaving ends it. */
function waited(wait: Promise<void> | null, patience: AbortSignal): Promise<boolean> {
  if (wait) {
    return wait.then(
      () => false,
      () => true,
    );
  }
  if (patience.aborted) return Promise.resolve(true);
  return new Promise((resolve) => patience.addEventListener('abort', () => resolve(true), { once: true }));
}

function logAccess({ world, accessLog }: Service, request: DemoRequest, seen: { status: number; bytes: number; seconds: number; code: string }): void {
  accessLog.write(accessLine({ at: world.clock.now(), client: request.client, method: request.method, target: request.path, userAgent: request.userAgent, ...seen }));
}
