-- What the public was told. Words once published are only ever added to.

create table notice (
  id text primary key,
  incident_id text,
  started_at timestamptz not null,
  resolved_at timestamptz
)
----
create index notice_started on notice (started_at desc)
----
-- An incident speaks with one voice: its next word continues the notice that is open.
create unique index notice_one_open on notice (incident_id) where resolved_at is null and incident_id is not null
----
create table notice_update (
  notice_id text not null references notice,
  seq integer not null,
  at timestamptz not null,
  by jsonb not null,
  status text not null check (status in ('investigating', 'identified', 'monitoring', 'resolved')),
  impact text not null check (impact in ('none', 'minor', 'major', 'critical')),
  title jsonb not null,
  body jsonb not null,
  advice jsonb not null,
  components jsonb not null,
  next_update_at timestamptz,
  corrects integer,
  key text unique,
  prev_hash text not null,
  hash text not null,
  primary key (notice_id, seq)
)
----
create trigger notice_update_append_only before update or delete or truncate on notice_update execute function refuse_rewriting()
----
create table component_status (
  component text primary key,
  status text not null check (status in ('operational', 'under_maintenance', 'degraded_performance', 'partial_outage', 'major_outage')),
  at timestamptz not null,
  by jsonb not null
)
