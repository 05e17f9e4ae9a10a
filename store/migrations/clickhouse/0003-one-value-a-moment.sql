-- A series has one value at a moment. Whoever sends samples sends them again when an answer was lost, perhaps to another
-- process and much later: the second coming replaces the first when parts are merged, and reading with FINAL shows one.
-- What is there already is taken over as it lies on disk. Each statement bears being run again from the first.

DROP TABLE IF EXISTS samples_before
----
CREATE TABLE IF NOT EXISTS samples_once
(
    at      DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    metric  LowCardinality(String),
    series  UInt64,
    labels  Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    value   Float64 CODEC(Gorilla, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(at)
ORDER BY (metric, toStartOfFiveMinutes(at), series, at)
TTL toDateTime(at) + INTERVAL 180 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000,
    min_parts_to_merge_at_once = 20, merge_selector_base = 30, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1, merge_tree_clear_old_parts_interval_seconds = 30
----
ALTER TABLE samples_once ATTACH PARTITION ALL FROM samples
----
RENAME TABLE samples TO samples_before, samples_once TO samples
----
DROP TABLE IF EXISTS samples_before
