import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { type IngestAnswer, IngestError, type IngestRequest, largestBody, refusal } from '#collector/sources/ingest.ts';
import { otlpRefusal } from '#collector/sources/otlp.ts';
import type { Clock } from '#lib/clock.ts';
import { createAdmission } from './admission.ts';
import { notFound, refuse } from './answers.ts';
import { requireScope, type SignedIn } from './auth.ts';
import { limitBody } from './body-limit.ts';
import type { IngestDesk } from './ports.ts';
import { about } from './routes.ts';

/** Bodies under way at once, as large as they will be. */
const mostBytes = 256 * 1024 * 1024;
/** What a body is counted as that does not name its length. */
const unknownBytes = 8 * 1024 * 1024;
/** How much larger a packed body is expected to become. */
const packing = 10;

/** What programs hand in by the protocols of their field. Each protocol says in its own words what became of it. */
export function ingestRoutes({ ingest, clock }: { ingest: IngestDesk | null; clock: Clock }) {
  const admission = createAdmission({ mostBytes, clock });
  const admitted: MiddlewareHandler = async (c, next) => {
    const leave = await admission.enter(expectedBytes(c));
    if (!leave) return refused(c, new IngestError(503, 'too much is being handed in: send it again later'));
    try {
      return await next();
    } finally {
      leave();
    }
  };
  const tooLarge = (c: Context): Response => refused(c, new IngestError(413, `larger than ${largestBody} bytes`));
  const allowed = [requireScope('ingest'), admitted, limitBody({ maxSize: largestBody, tooLarge })] as const;
  const given = async (c: Context, take: (desk: IngestDesk, request: IngestRequest) => Promise<IngestAnswer | null>): Promise<Response> => {
    if (!ingest) return refuse(c, 503, { code: 'unavailable', message: { 'zh-CN': '本进程不采集', en: 'nothing is collected by this process' } });
    const body = await c.req.arrayBuffer().catch(() => null);
    // Nobody is there any more to read it.
    if (!body) return refused(c, new IngestError(400, 'the body ended too early'));
    const version = c.req.header('x-prometheus-remote-write-version');
    const answered = await take(ingest, { contentType: c.req.header('content-type') ?? '', encoding: encodingOf(c), ...(version !== undefined && { version }), body: new Uint8Array(body) });
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

const encodingOf = (c: Context): string => (c.req.header('content-encoding') ?? '').trim().toLowerCase();

function expectedBytes(c: Context): number {
  const length = c.req.header('transfer-encoding') ? Number.NaN : Number(c.req.header('content-length'));
  if (!Number.isFinite(length)) return unknownBytes;
  return ['', 'identity'].includes(encodingOf(c)) ? length : Math.min(length * packing, largestBody);
}

/** In the words of the protocol. */
function refused(c: Context, error: IngestError): Response {
  return asResponse(c.req.path.startsWith('/v1/') ? otlpRefusal(c.req.header('content-type') ?? '', error) : refusal(error));
}

function asResponse({ status, contentType, body, retryAfterSeconds }: IngestAnswer): Response {
  const headers = { ...(contentType !== '' && { 'content-type': contentType }), 'cache-control': 'no-store', ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }) };
  return new Response(status === 204 ? null : body, { status, headers });
}
