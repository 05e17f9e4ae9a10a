import { z } from 'zod';
import { Secret } from './secret.ts';
import { type Bilingual, languages } from './text.ts';
import { type DurationMs, parseDuration } from './time.ts';

/** The building blocks every section of the configuration is made of. Messages name the value and the mend. */

/** `30s` → 30000. */
export const durationText = z.union([z.string(), z.number()]).transform((value, context): DurationMs => {
  const parsed = typeof value === 'string' ? parseDuration(value) : value === 0 ? parseDuration('0') : undefined;
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: `"${value}" needs a unit, for example "30s"`, params: { hint: 'durations are written like 500ms, 30s, 5m, 2h, 7d' } });
  return z.NEVER;
});

/** A name other entries refer to: letters, digits, dot, dash, underscore. */
export const idText = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'an id is letters, digits, ".", "-", "_", at most 100, starting with a letter or digit');

/** One text for both languages, or a map with both. */
export const bilingualText = z
  .union([z.string().min(1), z.strictObject({ 'zh-CN': z.string().min(1), en: z.string().min(1) })])
  .transform((value): Bilingual => (typeof value === 'string' ? { 'zh-CN': value, en: value } : value));

/** A secret already resolved from `${NAME}` or `{ file: path }`; prints as •••. */
export const secretText = z.union([
  z.instanceof(Secret),
  z
    .string()
    .min(1)
    .transform((value) => new Secret(value)),
]);

export const zoneText = z.string().refine(
  (zone) => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: zone });
      return true;
    } catch {
      return false;
    }
  },
  { message: 'not a known time zone, for example "Asia/Shanghai"' },
);

export const languageText = z.enum(languages);
export const labelName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.]*$/, 'a label name is letters, digits, "_" and ".", not starting with a digit');
export const labelMap = z.record(labelName, z.coerce.string());
