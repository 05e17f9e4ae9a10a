import { Hono } from 'hono';
import { answer, isoOrNull } from './answers.ts';
import { requireRole, type SignedIn } from './auth.ts';
import { metricsText } from './metrics.ts';
import { about, type Routes } from './routes.ts';
import type { HealthView } from './views.ts';

export function healthRoutes({ ports }: Routes) {
  return new Hono<SignedIn>().get('/health-report', about('health', 'Loops, sources and counters as they are'), requireRole('viewer'), (c) =>
    answer<HealthView>(c, {
      loops: ports.health.loops().map((loop) => ({ ...loop, lastRunAt: isoOrNull(loop.lastRunAt), failures: { ...loop.failures } })),
      sources: ports.health.sources().map(({ id, kind, linesPerMinute, lagMs, malformed, dropped, lastError }) => ({ id, kind, linesPerMinute, lagMs, malformed, dropped, lastError })),
      counters: ports.health.counters(),
    }),
  );
}

/** For supervisors and scrapers: no sign-in, no secrets. */
export function publicHealthRoutes({ ports, clock }: Routes) {
  return new Hono()
    .get('/healthz', (c) => c.json({ ok: true }))
    .get('/readyz', async (c) => {
      const reasons = await ports.health.unready().catch((error: unknown) => [{ part: 'health', reason: error instanceof Error ? error.message : String(error) }]);
      return c.json({ ready: reasons.length === 0, reasons: [...reasons] }, reasons.length === 0 ? 200 : 503);
    })
    .get('/metrics', (c) => c.text(metricsText(ports.health, { now: clock.now(), version: ports.site().version }), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }));
}
