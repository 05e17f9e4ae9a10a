import { integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { Actor } from '#lib/people.ts';
import type { Bilingual } from '#lib/text.ts';
import type { ComponentStatus } from '#notices/component.ts';
import type { NoticeUpdate } from '#notices/notice.ts';
import { instant, jsonb } from './columns.ts';

export const notice = pgTable('notice', {
  id: text('id').primaryKey(),
  incidentId: text('incident_id'),
  startedAt: instant('started_at').notNull(),
  resolvedAt: instant('resolved_at'),
});

export const noticeUpdate = pgTable(
  'notice_update',
  {
    noticeId: text('notice_id').notNull(),
    seq: integer('seq').notNull(),
    at: instant('at').notNull(),
    by: jsonb('by').$type<Actor>().notNull(),
    status: text('status').$type<NoticeUpdate['status']>().notNull(),
    impact: text('impact').$type<NoticeUpdate['impact']>().notNull(),
    title: jsonb('title').$type<Bilingual>().notNull(),
    body: jsonb('body').$type<Bilingual>().notNull(),
    advice: jsonb('advice').$type<Bilingual>().notNull(),
    components: jsonb('components').$type<readonly string[]>().notNull(),
    nextUpdateAt: instant('next_update_at'),
    corrects: integer('corrects'),
    key: text('key'),
    prevHash: text('prev_hash').notNull(),
    hash: text('hash').notNull(),
  },
  (table) => [primaryKey({ columns: [table.noticeId, table.seq] })],
);

export const componentStatus = pgTable('component_status', {
  component: text('component').primaryKey(),
  status: text('status').$type<ComponentStatus>().notNull(),
  at: instant('at').notNull(),
  by: jsonb('by').$type<Actor>().notNull(),
});
