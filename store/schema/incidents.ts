import { bigint, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { Mode } from '#alerts/notification.ts';
import type { Actor } from '#lib/people.ts';
import type { Bilingual } from '#lib/text.ts';
import type { Incident } from '#runbooks/incident.ts';
import type { RunEvent } from '#runbooks/run-event.ts';
import type { Runbook } from '#runbooks/runbook.ts';
import type { TimelineEntry } from '#runbooks/timeline.ts';
import { instant, jsonb } from './columns.ts';

export const incidentNumber = pgTable('incident_number', { year: integer('year').primaryKey(), last: integer('last').notNull() });

export const incident = pgTable('incident', {
  id: text('id').primaryKey(),
  number: text('number').notNull(),
  title: jsonb('title').$type<Bilingual>().notNull(),
  level: text('level').$type<Incident['level']>().notNull(),
  state: text('state').$type<Incident['state']>().notNull(),
  mode: text('mode').$type<Mode>().notNull(),
  service: text('service').notNull(),
  openedAt: instant('opened_at').notNull(),
  mitigatedAt: instant('mitigated_at'),
  resolvedAt: instant('resolved_at'),
  closedAt: instant('closed_at'),
  roles: jsonb('roles').$type<Incident['roles']>().notNull(),
  runId: text('run_id'),
  nextUpdateAt: instant('next_update_at'),
  revision: integer('revision').notNull(),
});

export const incidentAlert = pgTable('incident_alert', {
  episode: text('episode').primaryKey(),
  incidentId: text('incident_id').notNull(),
  fingerprint: text('fingerprint').notNull(),
  rule: text('rule'),
  summary: jsonb('summary').$type<Bilingual>().notNull(),
  firedAt: instant('fired_at').notNull(),
  resolvedAt: instant('resolved_at'),
});

export const incidentTimeline = pgTable(
  'incident_timeline',
  {
    incidentId: text('incident_id').notNull(),
    seq: bigint('seq', { mode: 'number' }).notNull(),
    at: instant('at').notNull(),
    actor: jsonb('actor').$type<Actor>().notNull(),
    kind: text('kind').$type<TimelineEntry['kind']>().notNull(),
    tone: text('tone').$type<TimelineEntry['tone']>().notNull(),
    text: jsonb('text').$type<Bilingual>().notNull(),
    link: text('link'),
    prevHash: text('prev_hash').notNull(),
    hash: text('hash').notNull(),
  },
  (table) => [primaryKey({ columns: [table.incidentId, table.seq] })],
);

export const run = pgTable('run', {
  id: text('id').primaryKey(),
  incidentId: text('incident_id').notNull(),
  mode: text('mode').$type<Mode>().notNull(),
  runbookId: text('runbook_id').notNull(),
  runbook: jsonb('runbook').$type<Runbook>().notNull(),
  params: jsonb('params').$type<Record<string, string>>().notNull(),
  startedAt: instant('started_at').notNull(),
  endedAt: instant('ended_at'),
});

export const runEvent = pgTable(
  'run_event',
  {
    runId: text('run_id').notNull(),
    seq: bigint('seq', { mode: 'number' }).notNull(),
    at: instant('at').notNull(),
    actor: jsonb('actor').$type<Actor>().notNull(),
    event: jsonb('event').$type<RunEvent>().notNull(),
    prevHash: text('prev_hash').notNull(),
    hash: text('hash').notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.seq] })],
);
