-- Alerts, silences, what is owed to operators and what became of it.

-- One row: the version every commit of the alerting side raises, whose commit it was, and when an evaluator last was at work.
create table alert_state (
  single boolean primary key default true check (single),
  version bigint not null,
  commit_id text,
  alive_at timestamptz
)
----
insert into alert_state (version) values (0)
----
create table alert (
  episode text primary key,
  fingerprint text not null,
  rule text,
  state text not null check (state in ('pending', 'firing', 'resolved')),
  labels jsonb not null,
  body jsonb not null
)
----
create index alert_fingerprint on alert (fingerprint)
----
create table alert_group (
  key text primary key,
  receiver text not null,
  body jsonb not null
)
----
create table silence (
  id text primary key,
  matchers jsonb not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  created_by text not null,
  comment text not null,
  updated_at timestamptz not null
)
----
-- copy_batch names the rows that go to the telemetry store together: the same batch is sent again until it is acknowledged.
create table alert_transition (
  seq bigint generated always as identity primary key,
  fingerprint text not null,
  episode text not null,
  from_state text not null,
  to_state text not null,
  at timestamptz not null,
  alert jsonb not null,
  copy_batch text,
  copied boolean not null default false
)
----
create index alert_transition_history on alert_transition (fingerprint, seq desc)
----
create index alert_transition_uncopied on alert_transition (seq) where not copied
----
-- The outbox: committed with the change that owes the message, taken with SKIP LOCKED.
create table notification (
  seq bigint generated always as identity primary key,
  id text not null unique,
  -- One thread on one channel: its messages go out one at a time and in order.
  lane text not null,
  receiver text not null,
  integration text not null,
  thread text not null,
  episodes text[] not null,
  at timestamptz not null,
  body jsonb not null,
  state text not null check (state in ('queued', 'sent', 'retrying', 'failed')),
  attempts integer not null default 0,
  due_at timestamptz not null,
  leased_until timestamptz,
  leased_by text,
  detail text not null default '',
  settled_at timestamptz
)
----
create index notification_waiting on notification (lane, seq) where settled_at is null
----
create index notification_leased on notification (leased_by) where leased_by is not null
----
create index notification_episodes on notification using gin (episodes)
----
create table delivery (
  seq bigint generated always as identity primary key,
  notification text not null,
  receiver text not null,
  integration text not null,
  sender text not null,
  sent_to text not null,
  attempt integer not null,
  at timestamptz not null,
  duration_ms double precision not null,
  state text not null check (state in ('queued', 'sent', 'retrying', 'failed')),
  detail text not null,
  copy_batch text,
  copied boolean not null default false,
  unique (notification, attempt)
)
----
create index delivery_uncopied on delivery (seq) where not copied
----
create table alert_decision (
  seq bigint generated always as identity primary key,
  at timestamptz not null,
  group_key text not null,
  integration text,
  episode text,
  stage text not null check (stage in ('route', 'mute', 'dedup', 'bundle', 'send')),
  reason text not null,
  detail text not null
)
----
create index alert_decision_group on alert_decision (group_key, seq desc)
