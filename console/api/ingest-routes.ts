import { type Context, Hono } from 'hono';
import type { IngestAnswer, IngestRequest } from '#collector/sources/ingest.ts';
import { notFound, refuse } from './answers.ts';
import { requireScope, type SignedIn } from './auth.ts';
import { limitBody } from './body-limit.ts';
import type { IngestDesk } from './ports.ts';
import { about } from './routes.ts';

const largestBody = 64 * 1024 * 1024;

/** What programs hand in by the protocols of their field. Each protocol says in its own words what became of it. */
export function ingestRoutes({ ingest }: { ingest: IngestDesk | null }, tooLarge: Parameters<typeof limitBody>[0]['tooLarge']) {
  const allowed = [requireScope('ingest'), limitBody({ maxSize: largestBody, tooLarge })] as const;
  const given = async (c: Context, take: (desk: IngestDesk, request: IngestRequest) => Promise<IngestAnswer | null>): Promise<Response> => {
    if (!ingest) return refuse(c, 503, { code: 'unavailable', message: { 'zh-CN': '本进程不采集', en: 'nothing is collected by this process' } });
    const body = new Uint8Array(await c.req.arrayBuffer());
    const version = c.req.header('x-prometheus-remote-write-version');
    const encoding = (c.req.header('content-encoding') ?? '').trim().toLowerCase();
    const answered = await take(ingest, { contentType: c.req.header('content-type') ?? '', encoding, ...(version !== undefined && { version }), body });
    return answered ? asResponse(answered) : notFound(c);
  };
  return new Hono<SignedIn>()
    .post('/api/v1/ingest/lines', about('ingest', 'Lines for a source of kind http, named by `source`'), ...allowed, (c) =>
      given(c, (desk, request) => desk.lines(c.req.query('source') ?? '', request)),
    )
    .post('/v1/logs', about('ingest', 'OTLP logs'), ...allowed, (c) => given(c, (desk, request) => desk.logs(request)))
    .post('/v1/metrics', about('ingest', 'OTLP metrics'), ...allowed, (c) => given(c, (desk, request) => desk.metrics(request)))
    .post('/loki/api/v1/push', about('ingest', 'A push as Loki takes it'), ...allowed, (c) => given(c, (desk, request) => desk.loki(request)))
    .post('/api/v1/write', about('ingest', 'Prometheus remote write 1.0'), ...allowed, (c) => given(c, (desk, request) => desk.write(request)));
}

function asResponse({ status, contentType, body, retryAfterSeconds }: IngestAnswer): Response {
  const headers = { ...(contentType !== '' && { 'content-type': contentType }), 'cache-control': 'no-store', ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }) };
  return new Response(status === 204 ? null : body, { status, headers });
}
