-- People, how they sign in, tokens for programs, and the audit trail.

create table person (
  id text primary key,
  name text not null,
  email text not null unique check (email = lower(email)),
  email_verified boolean not null default true,
  image text,
  role text not null check (role in ('viewer', 'responder', 'publisher', 'admin')),
  language text check (language in ('zh-CN', 'en')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  disabled_at timestamptz
)
----
-- session, account and verification have the columns better-auth asks for.
create table session (
  id text primary key,
  person_id text not null references person on delete cascade,
  token text not null unique,
  expires_at timestamptz not null,
  ip_address text,
  user_agent text,
  created_at timestamptz not null,
  updated_at timestamptz not null
)
----
create index session_person on session (person_id)
----
create table account (
  id text primary key,
  person_id text not null references person on delete cascade,
  provider_id text not null,
  account_id text not null,
  password text,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (provider_id, account_id)
)
----
create index account_person on account (person_id)
----
create table verification (
  id text primary key,
  identifier text not null,
  value text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
)
----
create index verification_identifier on verification (identifier)
----
-- Only the SHA-256 of a link's or token's random part is kept: who reads the database cannot sign in with it.
create table sign_in_link (
  hash text primary key,
  person_id text not null references person on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
)
----
create table api_token (
  id text primary key,
  name text not null,
  hash text not null unique,
  scopes text[] not null check (cardinality(scopes) > 0 and scopes <@ array['ingest', 'alerts', 'read']),
  created_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz
)
----
create unique index api_token_name on api_token (name) where revoked_at is null
----
-- The last link of every hash chain: the lock that puts links in order, and the proof that none was cut off the end.
create table chain_head (
  chain text primary key,
  seq bigint not null,
  hash text not null
)
----
create table audit (
  seq bigint primary key,
  at timestamptz not null,
  actor jsonb not null,
  action text not null,
  target text not null,
  before jsonb,
  after jsonb,
  prev_hash text not null,
  hash text not null
)
----
create index audit_target on audit (target, seq desc)
----
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, lower(tg_op) using errcode = 'insufficient_privilege';
end
$$
----
create trigger audit_append_only before update or delete or truncate on audit for each statement execute function refuse_change()
