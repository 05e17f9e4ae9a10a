import { sql } from 'drizzle-orm';
import { bigint, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { Actor, PersonRole, TokenScope } from '#lib/people.ts';
import type { Language } from '#lib/text.ts';
import { instant, jsonb } from './columns.ts';

export const person = pgTable('person', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  email: text('email').notNull().unique(),
  role: text('role').$type<PersonRole>().notNull(),
  language: text('language').$type<Language>(),
  createdAt: instant('created_at').notNull(),
  updatedAt: instant('updated_at').notNull(),
  disabledAt: instant('disabled_at'),
});

export const signInLink = pgTable('sign_in_link', {
  hash: text('hash').primaryKey(),
  personId: text('person_id').notNull(),
  createdAt: instant('created_at').notNull(),
  expiresAt: instant('expires_at').notNull(),
  usedAt: instant('used_at'),
});

export const apiToken = pgTable(
  'api_token',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    hash: text('hash').notNull().unique(),
    scopes: text('scopes').array().$type<TokenScope[]>().notNull(),
    createdAt: instant('created_at').notNull(),
    lastUsedAt: instant('last_used_at'),
    revokedAt: instant('revoked_at'),
  },
  (table) => [uniqueIndex('api_token_name').on(table.name).where(sql`${table.revokedAt} is null`)],
);

export const chainHead = pgTable('chain_head', {
  chain: text('chain').primaryKey(),
  seq: bigint('seq', { mode: 'number' }).notNull(),
  hash: text('hash').notNull(),
});

export const audit = pgTable('audit', {
  seq: bigint('seq', { mode: 'number' }).primaryKey(),
  at: instant('at').notNull(),
  actor: jsonb('actor').$type<Actor>().notNull(),
  action: text('action').notNull(),
  target: text('target').notNull(),
  before: jsonb('before').$type<object>(),
  after: jsonb('after').$type<object>(),
  prevHash: text('prev_hash').notNull(),
  hash: text('hash').notNull(),
});
