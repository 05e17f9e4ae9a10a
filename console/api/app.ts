import { type Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { openAPIRouteHandler } from 'hono-openapi';
import type { Clock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';
import { acknowledgementRoutes } from './ack.ts';
import { alertRoutes } from './alert-routes.ts';
import { alertmanagerRoutes } from './alertmanager.ts';
import { notFound, refuse } from './answers.ts';
import { artifactRoutes } from './artifact-routes.ts';
import { identify, type SignedIn } from './auth.ts';
import { boardRoutes } from './board-routes.ts';
import { limitBody } from './body-limit.ts';
import { configRoutes } from './config-routes.ts';
import { demoRoutes } from './demo-routes.ts';
import { farRoutes } from './far-routes.ts';
import { healthRoutes, publicHealthRoutes } from './health-routes.ts';
import { incidentRoutes } from './incident-routes.ts';
import { ingestRoutes } from './ingest-routes.ts';
import { logRoutes, sqlRoutes } from './log-routes.ts';
import { createMemo } from './memo.ts';
import { noticeRoutes, runbookRoutes } from './notice-routes.ts';
import { overviewRoutes } from './overview-routes.ts';
import { createPanelReader } from './panel-reader.ts';
import { patternRoutes } from './pattern-routes.ts';
import type { ConsolePorts } from './ports.ts';
import { probeRoutes } from './probe-routes.ts';
import { pushRoutes } from './push-routes.ts';
import type { Routes } from './routes.ts';
import { searchRoutes } from './search-routes.ts';
import { sessionRoutes } from './session-routes.ts';
import { signInRoutes } from './sign-in.ts';
import { sourceRoutes } from './source-routes.ts';
import { tokenRoutes } from './token-routes.ts';

export interface ApiOptions {
  ports: ConsolePorts;
  clock: Clock;
  /** Told of what nobody expected; the caller hears only that it happened. */
  onError(error: unknown): void;
}

/** An answer is shared this long among those who ask the same. */
const sharedFor = durationMs(900);
const largestBody = 1024 * 1024;
const largestFarBatch = 16 * 1024 * 1024;

/** Every HTTP address of ours except the public page and the console's own files. */
export function createApi({ ports, clock, onError }: ApiOptions) {
  const routes: Routes = { ports, clock, once: createMemo(clock, sharedFor), panels: createPanelReader({ ...ports, clock }) };
  const v1 = new Hono<SignedIn>()
    .use(limitBody({ maxSize: largestBody, tooLarge }))
    .route('/', signInRoutes({ people: ports.people, clock }))
    .route('/', sessionRoutes(routes))
    .route('/', overviewRoutes(routes))
    .route('/', probeRoutes(routes))
    .route('/', boardRoutes(routes))
    .route('/', alertRoutes(routes))
    .route('/', incidentRoutes(routes))
    .route('/', runbookRoutes(routes))
    .route('/', noticeRoutes(routes))
    .route('/', logRoutes(routes))
    .route('/', patternRoutes(routes))
    .route('/', sqlRoutes(routes))
    .route('/', healthRoutes(routes))
    .route('/', sourceRoutes(routes))
    .route('/', configRoutes(routes))
    .route('/', tokenRoutes(routes))
    .route('/', artifactRoutes(routes))
    .route('/', demoRoutes(routes))
    .route('/', searchRoutes(routes));

  const app = new Hono<SignedIn>();
  // Before anyone is asked who they are: that may need a store.
  app.route('/api/v1', pushRoutes({ ports, clock }, tooLarge));
  app.use('/api/*', noStore, identify(ports.people, clock));
  app.use('/v1/*', identify(ports.people, clock));
  app.use('/loki/*', identify(ports.people, clock));
  app.route('/', ingestRoutes({ ...ports, clock }));
  app.use('/api/v1/collector/*', limitBody({ maxSize: largestFarBatch, tooLarge }));
  app.route('/api/v1', farRoutes({ ports, clock }));
  app.route('/api/v1', v1);
  if (ports.outside) app.route('/api/v2', alertmanagerRoutes({ desk: ports.outside, clock }));
  app.get(
    '/api/openapi.json',
    openAPIRouteHandler(app, {
      documentation: {
        info: { title: 'Fenghuo', version: ports.site().version, description: 'Read with a bearer token of scope read, or with the session cookie of the console.' },
        components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
        security: [{ token: [] }],
      },
    }),
  );
  app.use('/ack/*', limitBody({ maxSize: 64 * 1024, tooLarge }));
  app.route('/', acknowledgementRoutes(routes));
  app.route('/', publicHealthRoutes(routes));
  app.notFound((c) => notFound(c));
  app.onError((error, c) => unexpected(error, c, onError));
  return app;
}

const tooLarge = (c: Context): Response => refuse(c, 413, { code: 'too-large', message: { 'zh-CN': '请求太大', en: 'the request is too large' } });

async function noStore(c: Context, next: () => Promise<void>): Promise<void> {
  await next();
  c.header('cache-control', 'no-store');
}

/** A store that cannot be reached is said as such; anything else is ours, told to the log and not to the caller. */
function unexpected(error: unknown, c: Context, onError: (error: unknown) => void): Response {
  if (error instanceof HTTPException && error.status < 500) {
    return refuse(c, error.status === 413 ? 413 : 400, { code: 'bad-request', message: { 'zh-CN': '请求看不懂', en: error.message || 'the request cannot be read' } });
  }
  // Nobody is there to be answered, and nothing of ours went wrong.
  if (hungUp(error)) return refuse(c, 400, { code: 'bad-request', message: { 'zh-CN': '请求没有发完', en: 'the request ended before it was whole' } });
  onError(error);
  if (isOutOfReach(error)) return refuse(c, 503, { code: 'unavailable', message: { 'zh-CN': '存储暂时不可用，请稍后再试', en: 'a store is not available just now: try again shortly' } });
  return refuse(c, 500, { code: 'internal', message: { 'zh-CN': '服务器内部出错，已记录', en: 'something went wrong on the server; it has been logged' } });
}

/** Node's own words for a body whose sender closed the connection. */
const hungUp = (error: unknown): boolean => error instanceof Error && error.message === 'aborted' && 'code' in error && error.code === 'ECONNRESET';

function isOutOfReach(error: unknown): boolean {
  for (let current: unknown = error, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth++) {
    const code = 'code' in current ? String(current.code) : '';
    if (/^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|UND_ERR|57P0|08)/.test(code) || /socket hang up|ECONNREFUSED|connection terminated/i.test(current.message)) return true;
  }
  return false;
}
