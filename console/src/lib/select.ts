import { iso, unixMs } from '#lib/time.ts';
import { goto } from '$app/navigation';
import { page } from '$app/state';
import { withRange } from './range.ts';

/** A stretch drawn on a chart becomes the page's range. */
export function select(from: number, to: number): void {
  void goto(withRange(page.url, { preset: null, from: unixMs(from), to: unixMs(to) }), { reset: false });
}

/** A point on a chart leads to the logs of its minute. */
export function pick(at: number): void {
  const start = Math.floor(at / 60_000) * 60_000;
  void goto(`/logs?from=${iso(unixMs(start))}&to=${iso(unixMs(start + 60_000))}`);
}
