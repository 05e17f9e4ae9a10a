import { Hono } from 'hono';
import type { LetterNote } from '#collector/dead-letters.ts';
import type { SourceHealth } from '#collector/sources/source.ts';
import type { SpoolHealth } from '#collector/spool.ts';
import { answer } from './answers.ts';
import { requireRole, type SignedIn } from './auth.ts';
import { about, type Routes } from './routes.ts';

/** GET /api/v1/sources. Counters since the process started; lag in ms, null before the first look. */
export interface SourcesView {
  sources: SourceHealth[];
  /** Null where this process collects nothing. */
  spool: SpoolHealth | null;
  /** What the store refused for good, newest first, at most 50. */
  letters: LetterNote[];
}

const lettersShown = 50;

export function sourceRoutes({ ports }: Routes) {
  return new Hono<SignedIn>().get('/sources', about('sources', 'Every source with its rate, lag and what it could not use; the spool; rows the store refused'), requireRole('viewer'), async (c) =>
    answer<SourcesView>(c, { sources: [...ports.health.sources()], spool: ports.health.spool(), letters: [...(await ports.health.letters(lettersShown))] }),
  );
}
