import { Hono } from 'hono';
import { answer } from './answers.ts';
import { requireRole, type SignedIn } from './auth.ts';
import { overview } from './overview.ts';
import { about, type Routes } from './routes.ts';
import type { OverviewView } from './views.ts';

export function overviewRoutes({ ports, clock, once }: Routes) {
  return new Hono<SignedIn>().get('/overview', about('overview', 'The sentence, four figures, components, vantages, alerts, incidents and what is next'), requireRole('viewer'), async (c) =>
    answer<OverviewView>(c, await once('overview', () => overview(ports, clock.now()))),
  );
}
