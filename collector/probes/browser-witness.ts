import type { BrowserContext, Request } from 'playwright-core';
import type { Clock } from '#lib/clock.ts';

/** What happened beside the steps: requests with their times, errors of the console, limits that were passed. */
export interface Witness {
  waterfall(): { requests: WaterfallRow[]; dropped: number; consoleErrors: string[] };
  /** Set once when a limit was passed. */
  overLimit(): string | null;
  counts(): { requests: number; failed: number; pages: number };
  consoleErrors(): readonly string[];
}

interface WaterfallRow {
  method: string;
  url: string;
  type: string;
  status: number | null;
  startMs: number;
  ms: number | null;
  error?: string;
}

const mostRows = 200;
const mostErrors = 20;

export function watchContext(context: BrowserContext, { clock, maxRequests, maxPages }: { clock: Clock; maxRequests: number; maxPages: number }): Witness {
  const startedAt = clock.elapsed();
  const rows = new Map<Request, WaterfallRow>();
  const errors: string[] = [];
  const counts = { requests: 0, failed: 0, pages: 0 };
  let over: string | null = null;
  const since = () => Math.round(clock.elapsed() - startedAt);
  const passed = (what: string) => {
    over ??= what;
    // Nothing more is needed of a page that has gone over.
    void context.close().catch(() => undefined);
  };
  const note = (text: string) => void (errors.length < mostErrors && errors.push(text.slice(0, 300)));
  context.on('page', () => {
    if (++counts.pages > maxPages) passed(`more than ${maxPages} pages (max_pages)`);
  });
  context.on('request', (request) => {
    if (++counts.requests > maxRequests) return passed(`more than ${maxRequests} requests (max_requests)`);
    if (rows.size < mostRows) rows.set(request, { method: request.method(), url: request.url().slice(0, 300), type: request.resourceType(), status: null, startMs: since(), ms: null });
  });
  context.on('response', (response) => {
    const row = rows.get(response.request());
    if (row) row.status = response.status();
  });
  context.on('requestfinished', (request) => {
    const row = rows.get(request);
    if (row) row.ms = since() - row.startMs;
  });
  context.on('requestfailed', (request) => {
    counts.failed++;
    const row = rows.get(request);
    if (row) Object.assign(row, { ms: since() - row.startMs, error: request.failure()?.errorText.slice(0, 100) ?? 'failed' });
  });
  context.on('console', (message) => {
    if (message.type() === 'error') note(message.text());
  });
  context.on('weberror', (error) => note(error.error().message));
  return {
    waterfall: () => ({ requests: [...rows.values()], dropped: counts.requests - rows.size, consoleErrors: errors }),
    overLimit: () => over,
    counts: () => ({ ...counts }),
    consoleErrors: () => errors,
  };
}
