import { basename, dirname, join } from 'node:path';

/** Log rotation by names alone: `access.log.1`, `access.log-20260517`, `access-2026051710.log` all come from `access.log`. */

/** The paths a rotated file may have had before, nearest first. */
export function earlierNames(path: string): string[] {
  const name = basename(path);
  const names = new Set<string>();
  const dated = name.replace(/[-_.]\d{4,}[\d_.-]*(\.[A-Za-z]+)$/, '$1');
  if (dated !== name) names.add(dated);
  for (let end = name.length - 1; end > 0; end--) if ('.-_'.includes(name[end] ?? '')) names.add(name.slice(0, end));
  return [...names].map((earlier) => join(dirname(path), earlier));
}

/** What the rotated generations of one log have in common. */
export function familyOf(path: string): string {
  let name = basename(path).replace(/[-_.]\d{4,}[\d_.-]*(\.[A-Za-z]+)$/, '$1');
  for (let before = ''; before !== name; ) {
    before = name;
    name = name.replace(/([.-]\d[\d_-]*|\.(old|bak|gz))$/, '') || name;
  }
  return join(dirname(path), name);
}
