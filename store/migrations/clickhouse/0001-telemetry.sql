-- Telemetry as it was seen, and its rollups. One statement per block; blocks are separated by a line of dashes.
-- Latency histograms have base 2^(1/32): bucket i holds (2^(i/32), 2^((i+1)/32)] seconds, as an OpenTelemetry exponential
-- histogram of scale 5 does. Each rollup is fed by the finer one, and every table keeps a deduplication window, so that a
-- batch sent twice with the same token is counted once everywhere.

CREATE TABLE IF NOT EXISTS checks
(
    at          DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    service     LowCardinality(String),
    probe       LowCardinality(String),
    vantage     LowCardinality(String),
    outcome     Enum8('pass' = 1, 'slow' = 2, 'fail' = 3, 'unknown' = 4),
    failure     LowCardinality(String),
    reason      String CODEC(ZSTD(1)),
    attempt     UInt8,
    duration_ms Float64 CODEC(ZSTD(1)),
    phases      Map(LowCardinality(String), Float64),
    evidence    String CODEC(ZSTD(3))
)
ENGINE = MergeTree
PARTITION BY toDate(at)
ORDER BY (service, toStartOfFiveMinutes(at), probe, vantage, at)
TTL toDateTime(at) + INTERVAL 180 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000
----
CREATE TABLE IF NOT EXISTS check_10s
(
    bucket      DateTime('UTC'),
    service     LowCardinality(String),
    probe       LowCardinality(String),
    vantage     LowCardinality(String),
    total       SimpleAggregateFunction(sum, UInt64),
    passed      SimpleAggregateFunction(sum, UInt64),
    slow        SimpleAggregateFunction(sum, UInt64),
    failed      SimpleAggregateFunction(sum, UInt64),
    unknown     SimpleAggregateFunction(sum, UInt64),
    duration_s  SimpleAggregateFunction(sum, Float64),
    histogram   SimpleAggregateFunction(sumMap, Map(Int16, UInt64))
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate(bucket)
ORDER BY (service, toStartOfHour(bucket), probe, vantage, bucket)
TTL bucket + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000
----
CREATE TABLE IF NOT EXISTS check_1m AS check_10s
ENGINE = AggregatingMergeTree
PARTITION BY toDate(bucket)
ORDER BY (service, toStartOfDay(bucket), probe, vantage, bucket)
TTL bucket + INTERVAL 180 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000
----
CREATE TABLE IF NOT EXISTS check_1h AS check_10s
ENGINE = AggregatingMergeTree
PARTITION BY toStartOfMonth(bucket)
ORDER BY (service, probe, vantage, bucket)
TTL bucket + INTERVAL 5 YEAR
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000
----
-- Only scheduled checks count; re-checks (attempt > 0) confirm a failure and would weigh it double.
CREATE MATERIALIZED VIEW IF NOT EXISTS check_10s_mv TO check_10s AS
SELECT
    toStartOfInterval(toDateTime(at, 'UTC'), INTERVAL 10 SECOND) AS bucket, service, probe, vantage,
    count() AS total,
    countIf(outcome = 'pass') AS passed,
    countIf(outcome = 'slow') AS slow,
    countIf(outcome = 'fail') AS failed,
    countIf(outcome = 'unknown') AS unknown,
    sumIf(duration_ms / 1000, outcome != 'unknown') AS duration_s,
    sumMapIf(map(toInt16(ceil(log2(greatest(duration_ms / 1000, 0.000001)) * 32) - 1), toUInt64(1)), outcome != 'unknown') AS histogram
FROM checks
WHERE attempt = 0
GROUP BY bucket, service, probe, vantage
----
CREATE MATERIALIZED VIEW IF NOT EXISTS check_1m_mv TO check_1m AS
SELECT
    toStartOfMinute(c.bucket) AS bucket, service, probe, vantage,
    sum(total) AS total, sum(passed) AS passed, sum(slow) AS slow, sum(failed) AS failed, sum(unknown) AS unknown,
    sum(duration_s) AS duration_s, sumMap(histogram) AS histogram
FROM check_10s AS c
GROUP BY bucket, service, probe, vantage
----
CREATE MATERIALIZED VIEW IF NOT EXISTS check_1h_mv TO check_1h AS
SELECT
    toStartOfHour(c.bucket) AS bucket, service, probe, vantage,
    sum(total) AS total, sum(passed) AS passed, sum(slow) AS slow, sum(failed) AS failed, sum(unknown) AS unknown,
    sum(duration_s) AS duration_s, sumMap(histogram) AS histogram
FROM check_1m AS c
GROUP BY bucket, service, probe, vantage
----
-- Kept by when a record came in, not by the time it bears: a file filled in later must not expire on arrival.
CREATE TABLE IF NOT EXISTS logs
(
    timestamp     DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    observed      DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    service       LowCardinality(String),
    source        LowCardinality(String),
    severity      UInt8,
    severity_text LowCardinality(String),
    body          String CODEC(ZSTD(1)),
    method        LowCardinality(String),
    route         LowCardinality(String),
    path          String CODEC(ZSTD(1)),
    status        UInt16,
    duration_s    Nullable(Float64) CODEC(ZSTD(1)),
    bytes         Nullable(UInt64),
    client        String CODEC(ZSTD(1)),
    user_agent    LowCardinality(String),
    outcome       LowCardinality(String),
    error_type    LowCardinality(String),
    login_outcome LowCardinality(String),
    login_reason  LowCardinality(String),
    login_method  LowCardinality(String),
    login_count   UInt32,
    user          String CODEC(ZSTD(1)),
    attributes    Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    INDEX body_ngram lower(body) TYPE ngrambf_v1(3, 16384, 2, 0) GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY toDate(timestamp)
ORDER BY (service, toStartOfFiveMinutes(timestamp), source, timestamp)
TTL toDateTime(observed) + INTERVAL 180 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000
----
CREATE TABLE IF NOT EXISTS request_10s
(
    bucket        DateTime('UTC'),
    service       LowCardinality(String),
    route         LowCardinality(String),
    total         SimpleAggregateFunction(sum, UInt64),
    errors        SimpleAggregateFunction(sum, UInt64),
    client_errors SimpleAggregateFunction(sum, UInt64),
    timed         SimpleAggregateFunction(sum, UInt64),
    duration_s    SimpleAggregateFunction(sum, Float64),
    histogram     SimpleAggregateFunction(sumMap, Map(Int16, UInt64))
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate(bucket)
ORDER BY (service, toStartOfHour(bucket), route, bucket)
TTL bucket + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000
----
CREATE TABLE IF NOT EXISTS request_1m AS request_10s
ENGINE = AggregatingMergeTree
PARTITION BY toDate(bucket)
ORDER BY (service, toStartOfDay(bucket), route, bucket)
TTL bucket + INTERVAL 180 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000
----
CREATE TABLE IF NOT EXISTS request_1h AS request_10s
ENGINE = AggregatingMergeTree
PARTITION BY toStartOfMonth(bucket)
ORDER BY (service, route, bucket)
TTL bucket + INTERVAL 5 YEAR
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000
----
CREATE MATERIALIZED VIEW IF NOT EXISTS request_10s_mv TO request_10s AS
SELECT
    toStartOfInterval(toDateTime(timestamp, 'UTC'), INTERVAL 10 SECOND) AS bucket, service, route,
    count() AS total,
    countIf(l.outcome = 'error') AS errors,
    countIf(l.status >= 400 AND l.status < 500) AS client_errors,
    countIf(isNotNull(l.duration_s)) AS timed,
    sum(ifNull(l.duration_s, 0)) AS duration_s,
    sumMapIf(map(toInt16(ceil(log2(greatest(ifNull(l.duration_s, 0), 0.000001)) * 32) - 1), toUInt64(1)), isNotNull(l.duration_s)) AS histogram
FROM logs AS l
WHERE l.status > 0
GROUP BY bucket, service, route
----
CREATE MATERIALIZED VIEW IF NOT EXISTS request_1m_mv TO request_1m AS
SELECT
    toStartOfMinute(r.bucket) AS bucket, service, route,
    sum(total) AS total, sum(errors) AS errors, sum(client_errors) AS client_errors, sum(timed) AS timed,
    sum(duration_s) AS duration_s, sumMap(histogram) AS histogram
FROM request_10s AS r
GROUP BY bucket, service, route
----
CREATE MATERIALIZED VIEW IF NOT EXISTS request_1h_mv TO request_1h AS
SELECT
    toStartOfHour(r.bucket) AS bucket, service, route,
    sum(total) AS total, sum(errors) AS errors, sum(client_errors) AS client_errors, sum(timed) AS timed,
    sum(duration_s) AS duration_s, sumMap(histogram) AS histogram
FROM request_1m AS r
GROUP BY bucket, service, route
----
CREATE TABLE IF NOT EXISTS login_10s
(
    bucket   DateTime('UTC'),
    service  LowCardinality(String),
    reason   LowCardinality(String),
    attempts SimpleAggregateFunction(sum, UInt64),
    failed   SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate(bucket)
ORDER BY (service, bucket, reason)
TTL bucket + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000
----
CREATE TABLE IF NOT EXISTS login_1m AS login_10s
ENGINE = AggregatingMergeTree
PARTITION BY toDate(bucket)
ORDER BY (service, bucket, reason)
TTL bucket + INTERVAL 180 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000
----
CREATE TABLE IF NOT EXISTS login_1h AS login_10s
ENGINE = AggregatingMergeTree
PARTITION BY toStartOfMonth(bucket)
ORDER BY (service, bucket, reason)
TTL bucket + INTERVAL 5 YEAR
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000
----
-- `reason` is empty for an accepted login.
CREATE MATERIALIZED VIEW IF NOT EXISTS login_10s_mv TO login_10s AS
SELECT
    toStartOfInterval(toDateTime(timestamp, 'UTC'), INTERVAL 10 SECOND) AS bucket, service, login_reason AS reason,
    sum(login_count) AS attempts,
    sumIf(login_count, login_outcome = 'failed') AS failed
FROM logs
WHERE login_outcome != ''
GROUP BY bucket, service, reason
----
CREATE MATERIALIZED VIEW IF NOT EXISTS login_1m_mv TO login_1m AS
SELECT toStartOfMinute(l.bucket) AS bucket, service, reason, sum(attempts) AS attempts, sum(failed) AS failed
FROM login_10s AS l
GROUP BY bucket, service, reason
----
CREATE MATERIALIZED VIEW IF NOT EXISTS login_1h_mv TO login_1h AS
SELECT toStartOfHour(l.bucket) AS bucket, service, reason, sum(attempts) AS attempts, sum(failed) AS failed
FROM login_1m AS l
GROUP BY bucket, service, reason
----
CREATE TABLE IF NOT EXISTS samples
(
    at      DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    metric  LowCardinality(String),
    series  UInt64,
    labels  Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    value   Float64 CODEC(Gorilla, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(at)
ORDER BY (metric, toStartOfFiveMinutes(at), series, at)
TTL toDateTime(at) + INTERVAL 180 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000
----
CREATE TABLE IF NOT EXISTS alert_transitions
(
    at          DateTime64(3, 'UTC'),
    episode     String,
    fingerprint String,
    rule        LowCardinality(String),
    from_state  LowCardinality(String),
    to_state    LowCardinality(String),
    severity    LowCardinality(String),
    service     LowCardinality(String),
    value       Nullable(Float64),
    labels      Map(LowCardinality(String), String)
)
ENGINE = MergeTree
PARTITION BY toStartOfMonth(at)
ORDER BY (service, at, fingerprint)
TTL toDateTime(at) + INTERVAL 5 YEAR
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000
----
CREATE TABLE IF NOT EXISTS deliveries
(
    at           DateTime64(3, 'UTC'),
    notification String,
    receiver     LowCardinality(String),
    sender       LowCardinality(String),
    attempt      UInt16,
    outcome      LowCardinality(String),
    detail       String,
    duration_ms  Float64
)
ENGINE = MergeTree
PARTITION BY toStartOfMonth(at)
ORDER BY (receiver, at)
TTL toDateTime(at) + INTERVAL 5 YEAR
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000
