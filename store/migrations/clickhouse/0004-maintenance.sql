-- What was seen in a planned window is kept and shown, and counted nowhere: the rollups leave it out.

ALTER TABLE checks ADD COLUMN IF NOT EXISTS maintenance Bool DEFAULT false
----
ALTER TABLE check_10s_mv MODIFY QUERY
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
WHERE attempt = 0 AND NOT maintenance
GROUP BY bucket, service, probe, vantage
