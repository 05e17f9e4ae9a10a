/** Instants and durations, kept apart by type so that one cannot be passed where the other is wanted. */

declare const instant: unique symbol;
declare const duration: unique symbol;

/** An instant: milliseconds since 1970-01-01T00:00:00Z. */
export type UnixMs = number & { readonly [instant]: true };
/** A length of time in milliseconds. */
export type DurationMs = number & { readonly [duration]: true };

export const unixMs = (ms: number): UnixMs => ms as UnixMs;
export const durationMs = (ms: number): DurationMs => ms as DurationMs;

export const second = durationMs(1_000);
export const minute = durationMs(60_000);
export const hour = durationMs(3_600_000);
export const day = durationMs(86_400_000);

export const after = (at: UnixMs, wait: DurationMs): UnixMs => (at + wait) as UnixMs;
export const before = (at: UnixMs, span: DurationMs): UnixMs => (at - span) as UnixMs;
/** How long from one instant to another; negative when `to` lies before `from`. */
export const between = (from: UnixMs, to: UnixMs): DurationMs => (to - from) as DurationMs;

export const iso = (at: UnixMs): string => new Date(at).toISOString();
/** Reads an ISO 8601 instant; undefined when it is not one. */
export function parseIso(text: string): UnixMs | undefined {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : unixMs(at);
}

const unitMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000 };

/** Reads `500ms`, `30s`, `1h30m`, `7d`; undefined when there is no unit or anything else is amiss. `0` needs no unit. */
export function parseDuration(text: string): DurationMs | undefined {
  if (text === '0') return durationMs(0);
  if (!/^(\d+(\.\d+)?(ms|[smhdwy]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwy])/g)) total += Number(amount) * (unitMs[unit ?? ''] ?? Number.NaN);
  return durationMs(Math.round(total));
}

/** Writes a duration the way the configuration reads it, largest units first: 90000 → `1m30s`. */
export function formatDuration(span: DurationMs): string {
  let rest = Math.round(Math.abs(span));
  if (rest === 0) return '0s';
  let text = span < 0 ? '-' : '';
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
    ['ms', 1],
  ] as const) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}
