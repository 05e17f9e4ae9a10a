import type { Clock } from '#lib/clock.ts';
import { type Loop, startLoop } from '#lib/loop.ts';
import { durationMs, type UnixMs } from '#lib/time.ts';
import type { Telemetry } from './clickhouse.ts';

const everyMs = durationMs(1_800_000);
/** A day nothing was written to or merged in for so long has come to rest. */
const restSeconds = 7_200;

interface Day {
  partition: string;
  /** Its parts as they are now. */
  state: string;
}

/** Builds the index for searching in bodies, one day that has come to rest each half hour. Never needed for right answers: what has no index is read whole. */
export function startSearchIndex({ telemetry, clock, onError }: { telemetry: Telemetry; clock: Clock; onError(error: unknown): void }): Loop {
  // A day whose rows are too few for an index to take room would be tried for ever.
  const tried = new Set<string>();
  const run = async (now: UnixMs): Promise<{ backlog: number }> => {
    const days = (await daysWithout(telemetry, now)).filter(({ partition, state }) => !tried.has(`${partition} ${state}`));
    const [day] = days;
    if (!day) return { backlog: 0 };
    // Not a parameter: a partition must be written out. It is a day, as digits.
    await telemetry.command(`ALTER TABLE logs MATERIALIZE INDEX body_ngram IN PARTITION ID '${day.partition.replace(/\D/g, '')}'`);
    tried.add(`${day.partition} ${day.state}`);
    return { backlog: days.length - 1 };
  };
  return startLoop({ name: 'search index', everyMs, clock, run, onError });
}

/** Oldest first. */
export const daysWithout = (telemetry: Telemetry, now: UnixMs): Promise<Day[]> =>
  telemetry.rows<Day>(
    `SELECT partition_id AS partition, toString(cityHash64(groupArray(name))) AS state
FROM (SELECT * FROM system.parts WHERE database = currentDatabase() AND table = 'logs' AND active ORDER BY name)
GROUP BY partition_id
HAVING min(secondary_indices_compressed_bytes) = 0 AND max(modification_time) < fromUnixTimestamp64Milli({now:Int64}) - {rest:UInt32}
ORDER BY partition_id`,
    { now, rest: restSeconds },
  );
