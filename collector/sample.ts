import type { Labels } from '#lib/labels.ts';
import type { UnixMs } from '#lib/time.ts';

/** One value of one series; durations in seconds here only. */
export interface Sample {
  /** Dotted, as in OpenTelemetry: `probe.check.duration`; of Prometheus' world as it is there. */
  metric: string;
  labels: Labels;
  at: UnixMs;
  /** May be NaN or infinite: whoever reads says what that means. */
  value: number;
  /** Says that the series has ended, as Prometheus' staleness marker does; the value is NaN then. */
  stale?: true;
}

/** JSON has no word for NaN and the infinities, and forgets the sign of zero. */
export function samplesJson(rows: readonly Sample[]): string {
  return JSON.stringify(rows.every(isPlain) ? rows : rows.map((row) => (isPlain(row) ? row : { ...row, value: Object.is(row.value, -0) ? '-0' : String(row.value) })));
}

const isPlain = ({ value }: Sample): boolean => Number.isFinite(value) && !Object.is(value, -0);

/** What `samplesJson` wrote. */
export function readSamples(json: string): Sample[] {
  const rows = JSON.parse(json) as (Omit<Sample, 'value'> & { value: number | string | null })[];
  // Null is how such a value was written once.
  for (const row of rows) if (typeof row.value !== 'number') row.value = row.value === null ? Number.NaN : Number(row.value);
  return rows as Sample[];
}
