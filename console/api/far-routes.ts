import { gunzipSync } from 'node:zlib';
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { idText } from '#lib/schema.ts';
import { iso } from '#lib/time.ts';
import { answer, notFound, refuse } from './answers.ts';
import { requireRole, requireScope, type SignedIn } from './auth.ts';
import type { FarBatch } from './ports.ts';
import { about, type Routes } from './routes.ts';

/** GET /api/v1/collectors: the far vantages that are configured, and what was heard of each since this process started. */
export interface FarView {
  vantages: {
    id: string;
    region: string;
    carrier: string;
    /** Null when nothing was heard since the start. */
    lastSeenAt: string | null;
    version: string | null;
    /** The centre's clock minus its own, ms. */
    offsetMs: number | null;
    /** Records it could not hand in yet. */
    backlog: number | null;
    rows: number;
  }[];
}

const largestBatch = 64_000_000;
const hello = { vantage: idText, version: z.string().max(40) };
const planAsk = z.object({ ...hello, backlog: z.int().min(0), offsetMs: z.number() });

const outcome = z.union([
  z.object({ kind: z.literal('pass') }),
  z.object({ kind: z.literal('slow'), reason: z.string().optional() }),
  z.object({ kind: z.literal('unknown'), reason: z.string() }),
  z.object({ kind: z.literal('fail'), failure: z.object({ kind: z.string(), reason: z.string() }) }),
]);
const instant = z.number().min(0).max(8e15);
const checkRow = z.looseObject({
  ...{ probeId: z.string(), service: z.string(), vantage: z.string(), at: instant, durationMs: z.number().min(0), outcome, attempt: z.int().min(0).max(255) },
  ...{ phases: z.record(z.string(), z.number()), evidence: z.record(z.string(), z.unknown()) },
});
const sampleRow = z.looseObject({ metric: z.string(), labels: z.record(z.string(), z.string()), at: instant, value: z.number() });
const logRow = z.looseObject({ timestamp: instant, observedTimestamp: instant, service: z.string(), source: z.string(), body: z.string(), attributes: z.record(z.string(), z.unknown()) });
const batchAsk = z.discriminatedUnion('kind', [
  z.object({ ...hello, kind: z.literal('checks'), token: z.string().min(1).max(200), rows: z.array(checkRow).max(20_000) }),
  z.object({ ...hello, kind: z.literal('samples'), token: z.string().min(1).max(200), rows: z.array(sampleRow).max(20_000) }),
  z.object({ ...hello, kind: z.literal('logs'), token: z.string().min(1).max(200), rows: z.array(logRow).max(20_000) }),
]);

/** Mounted before the limit on small bodies: a batch is larger than what a person sends. */
export function farRoutes({ ports, clock }: Pick<Routes, 'ports' | 'clock'>) {
  const { far } = ports;
  return new Hono<SignedIn>()
    .get('/collectors', about('collectors', 'Far vantages with the age of what was last heard'), requireRole('viewer'), (c) =>
      answer<FarView>(c, { vantages: (far?.list() ?? []).map(({ lastSeenAt, ...one }) => ({ ...one, lastSeenAt: lastSeenAt === null ? null : iso(lastSeenAt) })) }),
    )
    .post('/collector/plan', about('collectors', 'What a far vantage is to look at'), requireScope('collector'), async (c) => {
      const asked = await read(c, planAsk);
      if (asked instanceof Response) return asked;
      if (!far) return notFound(c);
      if (!far.speaks(asked.version)) return otherVersion(c, asked.version, ports.site().version);
      const plan = far.plan({ ...asked, now: clock.now() });
      return plan ? answer(c, { ...plan, now: clock.now() }) : unknownVantage(c, asked.vantage);
    })
    .post('/collector/batches', about('collectors', 'What a far vantage saw; answered once it is stored'), requireScope('collector'), async (c) => {
      const batch = await read(c, batchAsk);
      if (batch instanceof Response) return batch;
      if (!far) return notFound(c);
      if (!far.speaks(batch.version)) return otherVersion(c, batch.version, ports.site().version);
      const stranger = batch.kind === 'checks' ? batch.rows.find((row) => row.vantage !== batch.vantage) : undefined;
      if (stranger) return refuse(c, 422, { code: 'invalid', message: { 'zh-CN': `行属于探测点 ${stranger.vantage}`, en: `a row belongs to the vantage ${stranger.vantage}` } });
      const stored = await far.store({ ...(batch as unknown as FarBatch), now: clock.now() });
      if (stored) return answer(c, { stored: batch.rows.length });
      c.header('retry-after', '5');
      return refuse(c, 503, { code: 'unavailable', message: { 'zh-CN': '存储暂不可用', en: 'the store does not answer at the moment' } });
    });
}

async function read<Shape extends z.ZodType>(c: Context, shape: Shape): Promise<z.output<Shape> | Response> {
  const bad = (why: string) => refuse(c, 400, { code: 'invalid', message: { 'zh-CN': `无法读取：${why}`, en: `cannot be read: ${why}` } });
  try {
    const bytes = Buffer.from(await c.req.arrayBuffer());
    const text = c.req.header('content-encoding') === 'gzip' ? gunzipSync(bytes, { maxOutputLength: largestBatch }) : bytes;
    const parsed = shape.safeParse(JSON.parse(text.toString()));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    return bad(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  } catch (error) {
    return bad(error instanceof Error ? error.message : String(error));
  }
}

const otherVersion = (c: Context, theirs: string, ours: string) =>
  refuse(c, 409, { code: 'version', message: { 'zh-CN': `版本 ${theirs} 与中心的 ${ours} 不相容，请升级`, en: `version ${theirs} does not fit the centre's ${ours}: update it` } });
const unknownVantage = (c: Context, id: string) =>
  refuse(c, 404, { code: 'not-found', message: { 'zh-CN': `没有名为 ${id} 的远端探测点`, en: `there is no far vantage ${id}: add it to vantages with far: true` } });
