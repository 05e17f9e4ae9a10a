import { z } from 'zod';
import { type Matcher, parseMatchers } from '#alerts/matcher.ts';
import { levels } from './runbook.ts';

/** `severity="critical"` as a ready matcher list. */
export const matchersText = z.string().transform((text, context): Matcher[] => {
  const parsed = parseMatchers(text);
  if (parsed.ok) return parsed.matchers;
  context.addIssue({ code: 'custom', message: parsed.message, params: { hint: 'write it like severity="critical"' } });
  return z.NEVER;
});

const level = z.enum(levels);
const runbookSettings = z.strictObject({
  /** Files and directories read besides the shipped library; a runbook of the same id takes the shipped one's place. */
  paths: z.array(z.string().min(1)).default([]),
  /** Values for the runbooks' parameters, such as the addresses of your own switches. */
  params: z.record(z.string().regex(/^[A-Za-z][\w-]*$/, 'a parameter name is letters, digits, "_" and "-"'), z.coerce.string()).default({}),
});
const incidentSettings = z.strictObject({
  /** All must match a firing alert for it to open an incident. */
  open_when: z.array(matchersText).prefault(['severity="critical"']),
  level_by: z.strictObject({ critical: level.default('sev2'), warning: level.default('sev3'), info: level.default('sev4') }).prefault({}),
});

export const shape = {
  runbooks: runbookSettings.prefault({}),
  incidents: incidentSettings.prefault({}),
};

export const references: { from: string; to: string }[] = [];

export type RunbookSettings = z.output<typeof runbookSettings>;
export type IncidentSettings = z.output<typeof incidentSettings>;
