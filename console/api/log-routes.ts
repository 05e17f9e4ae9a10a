import { Hono } from 'hono';
import { z } from 'zod';
import { iso } from '#lib/time.ts';
import { answer, refuse } from './answers.ts';
import { requireRole, requireScope, type SignedIn } from './auth.ts';
import { input, rangeShape, spanOf } from './inputs.ts';
import { about, type Routes } from './routes.ts';
import { seriesView } from './series-view.ts';
import type { LogsView } from './views.ts';

const word = z.string().max(500).default('');
/** What narrows a search of the logs. */
export const logQuery = z.object({
  ...rangeShape,
  q: z.string().max(2_000).default(''),
  service: word,
  level: word,
  status: word,
  outcome: word,
  source: word,
  before: z.string().max(60).default(''),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
});

export function logRoutes({ ports, clock }: Routes) {
  return new Hono<SignedIn>().get('/logs', about('logs', 'Search the logs: how many, when, of which kinds, and a page of them'), requireRole('viewer'), input('query', logQuery), async (c) => {
    const { from, to, range, ...search } = c.req.valid('query');
    const now = clock.now();
    const found = spanOf({ from, to, range }, now);
    if (!found.ok) return refuse(c, 422, { code: 'invalid', message: { 'zh-CN': found.message, en: found.message }, problems: [{ path: found.path, message: found.message, hint: '' }] });
    const page = await ports.questions.logs({ ...search, span: found.span, now });
    return answer<LogsView>(c, {
      total: page.total,
      histogram: seriesView(page.histogram, 'count'),
      facets: page.facets.map((facet) => ({ name: facet.name, values: [...facet.values] })),
      records: page.records.map((record) => ({ ...record, at: iso(record.at) })),
      next: page.next,
    });
  });
}

const sqlQuery = z.object({ sql: z.string().min(1).max(20_000) });
const statuses = { refused: 422, failed: 422, limit: 422, unavailable: 503 } as const;
const messages = {
  refused: { 'zh-CN': '这条语句不被允许', en: 'this statement is not allowed' },
  failed: { 'zh-CN': '语句有误', en: 'the statement is wrong' },
  limit: { 'zh-CN': '超出查询的时间、内存或行数上限', en: 'the query met its limit of time, memory or rows' },
  unavailable: { 'zh-CN': '遥测存储暂时不可用', en: 'the telemetry store is not available just now' },
} as const;

/** Read-only SQL over the documented views, for programs with the scope `read` and for people. */
export function sqlRoutes({ ports }: Routes) {
  return new Hono<SignedIn>().get('/query', about('query', 'One read-only SELECT over the documented views'), requireScope('read'), input('query', sqlQuery), async (c) => {
    const found = await ports.questions.sql({ statement: c.req.valid('query').sql, signal: c.req.raw.signal });
    if (found.ok) return c.json({ meta: found.meta, data: found.data, rows: found.rows });
    const words = messages[found.code];
    return refuse(c, statuses[found.code], { code: `query-${found.code}`, message: { 'zh-CN': `${words['zh-CN']}：${found.message}`, en: `${words.en}: ${found.message}` } });
  });
}
