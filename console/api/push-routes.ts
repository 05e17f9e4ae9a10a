import { Hono } from 'hono';
import { z } from 'zod';
import { durationMs } from '#lib/time.ts';
import { answer, notFound } from './answers.ts';
import { limitBody } from './body-limit.ts';
import { input } from './inputs.ts';
import { about, type Routes } from './routes.ts';

const beat = z.object({
  status: z.enum(['up', 'down']).default('up'),
  msg: z
    .string()
    .transform((text) => text.slice(0, 500))
    .default(''),
  ms: z.coerce.number().min(0).max(1e12).optional(),
});

/** Beats of jobs that promise to call. The token in the path is all they need, and no store is asked: a beat is taken also when every database is down. */
export function pushRoutes({ ports, clock }: Pick<Routes, 'ports' | 'clock'>, tooLarge: Parameters<typeof limitBody>[0]['tooLarge']) {
  return new Hono().use('/push/*', limitBody({ maxSize: 64 * 1024, tooLarge })).on(['GET', 'POST'], '/push/:token', about('push', 'A beat of a push probe'), input('query', beat), async (c) => {
    const { status, msg, ms } = c.req.valid('query');
    const taken = await ports.beats?.take({ token: c.req.param('token'), status, message: msg, tookMs: ms === undefined ? null : durationMs(ms), now: clock.now() });
    c.header('cache-control', 'no-store');
    return taken ? answer<{ ok: true }>(c, { ok: true }) : notFound(c);
  });
}
