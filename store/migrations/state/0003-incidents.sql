-- Incidents, their timelines, and the runs of their runbooks. What was said and done is only ever added to.

create table incident_number (
  year integer primary key,
  last integer not null
)
----
create table incident (
  id text primary key,
  number text not null unique,
  title jsonb not null,
  level text not null check (level in ('sev1', 'sev2', 'sev3', 'sev4', 'sev5')),
  state text not null check (state in ('declared', 'mitigated', 'resolved', 'closed')),
  mode text not null check (mode in ('live', 'drill', 'patrol', 'maintenance')),
  service text not null,
  opened_at timestamptz not null,
  mitigated_at timestamptz,
  resolved_at timestamptz,
  closed_at timestamptz,
  roles jsonb not null,
  run_id text,
  next_update_at timestamptz,
  revision integer not null
)
----
create index incident_opened on incident (opened_at desc)
----
-- One answer at a time for one service; further alerts join it.
create unique index incident_one_open on incident (service) where state in ('declared', 'mitigated') and mode = 'live'
----
create table incident_alert (
  episode text primary key,
  incident_id text not null references incident,
  fingerprint text not null,
  rule text,
  summary jsonb not null,
  fired_at timestamptz not null,
  resolved_at timestamptz
)
----
create index incident_alert_incident on incident_alert (incident_id)
----
create table incident_timeline (
  incident_id text not null references incident,
  seq bigint not null,
  at timestamptz not null,
  actor jsonb not null,
  kind text not null,
  tone text not null,
  text jsonb not null,
  link text,
  prev_hash text not null,
  hash text not null,
  primary key (incident_id, seq)
)
----
create table run (
  id text primary key,
  incident_id text not null references incident,
  mode text not null,
  runbook_id text not null,
  runbook jsonb not null,
  params jsonb not null,
  started_at timestamptz not null,
  ended_at timestamptz
)
----
create index run_runbook on run (runbook_id, started_at desc)
----
create table run_event (
  run_id text not null references run,
  seq bigint not null,
  at timestamptz not null,
  actor jsonb not null,
  event jsonb not null,
  prev_hash text not null,
  hash text not null,
  primary key (run_id, seq)
)
----
create function refuse_rewriting() returns trigger language plpgsql as $$
begin
  raise exception '% is only ever added to', tg_table_name;
end
$$
----
create trigger incident_timeline_append_only before update or delete or truncate on incident_timeline execute function refuse_rewriting()
----
create trigger run_event_append_only before update or delete or truncate on run_event execute function refuse_rewriting()
