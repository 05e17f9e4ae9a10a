/** The path of a small line in a box of 240 × 36; a null breaks it. `last` is the height of the newest point, `quiet` the change that means nothing (a tenth of the height unless told). */
export function sparkPath(values: readonly (number | null)[], { normal, quiet }: { normal: number | null; quiet: number | null }): { path: string; groundY: number | null; last: number | null } {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return { path: '', groundY: null, last: null };
  const low = Math.min(...known, normal ?? Number.POSITIVE_INFINITY);
  const high = Math.max(...known, normal ?? 0);
  // A line that barely moves must not look like a storm: what counts as quiet is all air.
  const air = quiet ?? high * 0.1;
  const bottom = Math.max(0, low - Math.max((high - low) * 0.25, air));
  const top = high + Math.max((high - low) * 0.12, air * 0.6);
  const y = (value: number): number => (top === bottom ? 18 : 36 - ((value - bottom) / (top - bottom)) * 36);
  const step = values.length > 1 ? 240 / (values.length - 1) : 240;
  let path = '';
  let pen = false;
  values.forEach((value, index) => {
    if (value === null) pen = false;
    else {
      path += `${pen ? 'L' : 'M'}${(index * step).toFixed(1)} ${y(value).toFixed(1)}`;
      // A lone point between two gaps is still seen: a line of no length with a round cap would not be.
      if (!pen && (values[index + 1] ?? null) === null) path += `h${Math.max(1, step / 3).toFixed(1)}`;
      pen = true;
    }
  });
  const newest = values.at(-1) ?? null;
  return { path, groundY: normal === null ? null : y(normal), last: newest === null ? null : y(newest) };
}
