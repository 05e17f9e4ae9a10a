import { bigint, boolean, doublePrecision, integer, pgTable, text } from 'drizzle-orm/pg-core';
import type { Alert, AlertTransition } from '#alerts/alert.ts';
import type { AlertGroup } from '#alerts/group.ts';
import type { Matcher } from '#alerts/matcher.ts';
import type { Decision, DeliveryState, Notification } from '#alerts/notification.ts';
import type { Labels } from '#lib/labels.ts';
import { instant, jsonb } from './columns.ts';

const seq = () => bigint('seq', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity();

export const alertState = pgTable('alert_state', {
  single: boolean('single').primaryKey().default(true),
  version: bigint('version', { mode: 'number' }).notNull(),
  commitId: text('commit_id'),
  aliveAt: instant('alive_at'),
});

export const alert = pgTable('alert', {
  episode: text('episode').primaryKey(),
  fingerprint: text('fingerprint').notNull(),
  rule: text('rule'),
  state: text('state').$type<Alert['state']>().notNull(),
  labels: jsonb('labels').$type<Labels>().notNull(),
  body: jsonb('body').$type<Alert>().notNull(),
});

export const alertGroup = pgTable('alert_group', {
  key: text('key').primaryKey(),
  receiver: text('receiver').notNull(),
  body: jsonb('body').$type<AlertGroup>().notNull(),
});

export const silence = pgTable('silence', {
  id: text('id').primaryKey(),
  matchers: jsonb('matchers').$type<readonly Matcher[]>().notNull(),
  startsAt: instant('starts_at').notNull(),
  endsAt: instant('ends_at').notNull(),
  createdBy: text('created_by').notNull(),
  comment: text('comment').notNull(),
  updatedAt: instant('updated_at').notNull(),
});

export const alertTransition = pgTable('alert_transition', {
  seq: seq(),
  fingerprint: text('fingerprint').notNull(),
  episode: text('episode').notNull(),
  from: text('from_state').$type<AlertTransition['from']>().notNull(),
  to: text('to_state').$type<AlertTransition['to']>().notNull(),
  at: instant('at').notNull(),
  alert: jsonb('alert').$type<Alert>().notNull(),
  copyBatch: text('copy_batch'),
  copied: boolean('copied').notNull().default(false),
});

export const notification = pgTable('notification', {
  seq: seq(),
  id: text('id').notNull().unique(),
  lane: text('lane').notNull(),
  receiver: text('receiver').notNull(),
  integration: text('integration').notNull(),
  thread: text('thread').notNull(),
  episodes: text('episodes').array().notNull(),
  at: instant('at').notNull(),
  body: jsonb('body').$type<Notification>().notNull(),
  state: text('state').$type<DeliveryState>().notNull(),
  attempts: integer('attempts').notNull().default(0),
  dueAt: instant('due_at').notNull(),
  leasedUntil: instant('leased_until'),
  leasedBy: text('leased_by'),
  detail: text('detail').notNull().default(''),
  settledAt: instant('settled_at'),
});

export const delivery = pgTable('delivery', {
  seq: seq(),
  notification: text('notification').notNull(),
  receiver: text('receiver').notNull(),
  integration: text('integration').notNull(),
  sender: text('sender').notNull(),
  to: text('sent_to').notNull(),
  attempt: integer('attempt').notNull(),
  at: instant('at').notNull(),
  durationMs: doublePrecision('duration_ms').notNull(),
  state: text('state').$type<DeliveryState>().notNull(),
  detail: text('detail').notNull(),
  copyBatch: text('copy_batch'),
  copied: boolean('copied').notNull().default(false),
});

export const alertDecision = pgTable('alert_decision', {
  seq: seq(),
  at: instant('at').notNull(),
  groupKey: text('group_key').notNull(),
  integration: text('integration'),
  episode: text('episode'),
  stage: text('stage').$type<Decision['stage']>().notNull(),
  reason: text('reason').notNull(),
  detail: text('detail').notNull(),
});
