import { Hono } from 'hono';
import { z } from 'zod';
import { masks, minePatterns, type Pattern, searchFor } from '#collector/patterns.ts';
import { iso, parseIso, type UnixMs, unixMs } from '#lib/time.ts';
import { answer, refuse } from './answers.ts';
import { requireRole, type SignedIn } from './auth.ts';
import { input, spanOf } from './inputs.ts';
import { logQuery } from './log-routes.ts';
import type { PatternsView } from './pattern-view.ts';
import type { LogShapes } from './questions.ts';
import { about, type Routes } from './routes.ts';

const patternQuery = logQuery.omit({ before: true, limit: true }).extend({ since: z.string().max(40).default('') });
const mostPatterns = 100;
/** Without a moment asked for, the last quarter of the range is compared with what came before it. */
const usualShare = 0.75;

export function patternRoutes({ ports, clock }: Routes) {
  return new Hono<SignedIn>().get(
    '/logs/patterns',
    about('log patterns', 'Similar log lines as templates with counts, and which are new or surging since a moment'),
    requireRole('viewer'),
    input('query', patternQuery),
    async (c) => {
      const { from, to, range, since: asked, ...search } = c.req.valid('query');
      const found = spanOf({ from, to, range }, clock.now());
      if (!found.ok) return refuse(c, 422, { code: 'invalid', message: { 'zh-CN': found.message, en: found.message }, problems: [{ path: found.path, message: found.message, hint: '' }] });
      const { span } = found;
      const width = span.until - span.from;
      const since = parseIso(asked) ?? unixMs(Math.round(span.from + usualShare * width));
      const answered = await ports.questions.logShapes({ search: { ...search, span, before: '', limit: 1 }, since, masks });
      // Before the first line there was nothing to compare with: a log that has just begun is not new in every line.
      const start = answered.shapes.reduce((least, { firstAt }) => Math.min(least, firstAt), span.until as number);
      const patterns = minePatterns(answered.shapes, { shareBefore: (since - start) / Math.max(1, span.until - start), exhaustive: answered.every === 1 && answered.whole });
      return answer<PatternsView>(c, patternsView(patterns, { answered, since, stepMs: Math.ceil(width / stepsShown) }));
    },
  );
}

function patternsView(patterns: readonly Pattern[], { answered, since, stepMs }: { answered: LogShapes; since: UnixMs; stepMs: number }): PatternsView {
  const { total, sampled, every } = answered;
  // What is new or surging is shown however rare it is.
  const shown = [...patterns.filter(({ mark }) => mark !== null), ...patterns.filter(({ mark }) => mark === null)].slice(0, mostPatterns);
  const rest = patterns.length - shown.length;
  return {
    total,
    sampled,
    every,
    since: iso(since),
    stepMs,
    patterns: shown.map(({ before: _before, firstAt, services, counts, ...pattern }) => ({
      ...pattern,
      services: [...services],
      counts: [...counts],
      firstAt: iso(unixMs(firstAt)),
      search: searchOf(pattern.template),
    })),
    rest: { patterns: rest, count: sampled - shown.reduce((sum, { count }) => sum + count, 0) },
  };
}

/** A request's lines are found by its route and status, a login's by outcome and reason, any other's by the words of its template. */
function searchOf(template: string): { q: string; status: string } {
  const login = /^login (failed|accepted)(?:: (\S{1,60}))?$/.exec(template);
  if (login) return { q: `login:${login[1]}${login[2] === undefined ? '' : ` reason:"${login[2]}"`}`, status: '' };
  const request = /^([A-Z_-]{1,20}) (.{0,400}?)(?: → (\d{3}))?$/.exec(template);
  if (!request?.[2]?.startsWith('/')) return { q: searchFor(template), status: '' };
  return { q: `method:${request[1]} route:"${request[2]}"`, status: request[3] ?? '' };
}

const stepsShown = 30;
