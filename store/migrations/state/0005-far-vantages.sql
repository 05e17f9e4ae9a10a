-- A far vantage has a token of its own kind: it may fetch what it is to look at, secrets included, and hand in what it saw.
alter table api_token drop constraint api_token_scopes_check
----
alter table api_token add constraint api_token_scopes_check check (cardinality(scopes) > 0 and scopes <@ array['ingest', 'alerts', 'read', 'collector'])
