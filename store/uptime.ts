import { durationMs, type UnixMs, unixMs } from '#lib/time.ts';
import type { ProbeDay, UptimeSource } from '#notices/ports.ts';
import type { Telemetry } from './clickhouse.ts';

interface Row {
  probe: string;
  date: string;
  known: number;
  failed: number;
  slow: number;
  slots: number;
  first: number;
}

/** Days from the hourly rollup, and the last two from the minutes, so that today's coverage is exact and 90 days stay cheap. */
export function createUptimeSource(telemetry: Pick<Telemetry, 'rows'>): UptimeSource {
  return {
    async days({ probes, from, until, zone }) {
      const recent = unixMs(Math.max(from, until - 2 * 86_400_000));
      const [older, newer] = await Promise.all([
        uptimeDays(telemetry, { table: 'check_1h', slotMs: 3_600_000, probes, zone, from, until: recent }),
        uptimeDays(telemetry, { table: 'check_1m', slotMs: 60_000, probes, zone, from: recent, until }),
      ]);
      return merged([...older, ...newer]);
    },
  };
}

interface Question {
  table: 'check_1h' | 'check_1m';
  slotMs: number;
  probes: readonly string[];
  zone: string;
  from: UnixMs;
  until: UnixMs;
}

/** Both halves meet on a whole hour, so no check is counted twice. */
async function uptimeDays(telemetry: Pick<Telemetry, 'rows'>, { table, slotMs, probes, zone, from, until }: Question): Promise<ProbeDay[]> {
  const hour = (at: UnixMs) => Math.floor(at / 3_600_000) * 3_600;
  const rows = await telemetry.rows<Row>(
    `SELECT probe, toString(toDate(bucket, {zone:String})) AS date,
       toFloat64(sum(total) - sum(unknown)) AS known, toFloat64(sum(failed)) AS failed, toFloat64(sum(slow)) AS slow,
       toFloat64(uniqExactIf(bucket, total > unknown)) AS slots, toFloat64(toUnixTimestamp(min(bucket))) AS first
     FROM ${table}
     WHERE probe IN ({probes:Array(String)}) AND bucket >= toDateTime({from:UInt32}, 'UTC') AND bucket < toDateTime({until:UInt32}, 'UTC')
     GROUP BY probe, date`,
    { probes: [...probes], zone, from: hour(from), until: table === 'check_1h' ? hour(until) : Math.ceil(until / 1000) + 60 },
  );
  return rows.map(({ probe, date, known, failed, slow, slots, first }) => ({ probe, day: date, known, failed, slow, knownMs: durationMs(slots * slotMs), firstAt: unixMs(first * 1000) }));
}

/** A day that both halves tell of becomes one. */
function merged(rows: readonly ProbeDay[]): ProbeDay[] {
  const days = new Map<string, ProbeDay>();
  for (const row of rows) {
    const key = `${row.probe}\n${row.day}`;
    const other = days.get(key);
    days.set(
      key,
      other
        ? {
            ...row,
            known: row.known + other.known,
            failed: row.failed + other.failed,
            slow: row.slow + other.slow,
            knownMs: durationMs(row.knownMs + other.knownMs),
            firstAt: unixMs(Math.min(row.firstAt, other.firstAt)),
          }
        : row,
    );
  }
  return [...days.values()];
}
