import { z } from 'zod';
import { buildFormat } from '#collector/formats/index.ts';

/** `format:` of a source that is handed its lines one by one: a name, or a map with `kind` and its options. */
const written = z.union([z.string(), z.looseObject({ kind: z.string() })]);

export const formatText = written.superRefine((format, context) => {
  const built = buildFormat(configOf(format, undefined));
  if (built.ok) return;
  for (const issue of built.issues) context.addIssue({ ...issue, path: typeof format === 'string' ? [] : [...issue.path] } as Parameters<typeof context.addIssue>[0]);
});

/** The format's configuration; the source's zone holds where the format names none. */
export const configOf = (format: z.output<typeof written>, zone: string | undefined): Record<string, unknown> => ({
  ...(zone && { zone }),
  ...(typeof format === 'string' ? { kind: format } : format),
});
