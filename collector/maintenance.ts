import { z } from 'zod';
import { parseIso, type UnixMs } from '#lib/time.ts';

/** A planned time in which what a probe sees is kept and shown, and counts neither for nor against its target. */
export interface MaintenanceWindow {
  from: UnixMs;
  until: UnixMs;
}

const instantText = z.union([z.string(), z.date()]).transform((value, context): UnixMs => {
  const text = value instanceof Date ? value.toISOString() : value;
  const at = /(Z|[+-]\d{2}:?\d{2})$/.test(text) ? parseIso(text) : undefined;
  if (at !== undefined) return at;
  context.addIssue({ code: 'custom', message: `"${text}" is not an instant with its zone`, params: { hint: 'for example 2026-12-01T22:00:00+08:00' } });
  return z.NEVER;
});

export const maintenanceSchema = z
  .array(
    z
      .strictObject({ from: instantText, until: instantText })
      .refine(({ from, until }) => from < until, { path: ['until'], message: 'is not after from', params: { hint: 'write the later instant under until' } } as never),
  )
  .max(50)
  .default([]);

export const isInside = (windows: readonly MaintenanceWindow[], at: UnixMs): boolean => windows.some(({ from, until }) => from <= at && at < until);
