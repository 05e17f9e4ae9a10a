import { z } from 'zod';
import { durationText, labelMap } from '#lib/schema.ts';
import { type DurationMs, durationMs, unixMs } from '#lib/time.ts';
import { parseMatchers } from './matcher.ts';
import { checkOf, type MemoryEvent, type MemorySeries, type Telemetry } from './memory-facts.ts';
import { parseSeries } from './series-notation.ts';
import { alertingSection } from './settings.ts';

/** What `rules test` reads, strictly; instants are durations since time 0. */
const at = durationText;
const expectedLabels = labelMap;

export const describedStates = ['pending', 'firing', 'keep_firing', 'no_data', 'error', 'flapping'] as const;
export type DescribedState = (typeof describedStates)[number];

const testSchema = z.strictObject({
  name: z.coerce.string().optional(),
  interval: durationText.prefault('1m'),
  input_series: z.array(z.strictObject({ series: z.string(), values: z.coerce.string() })).prefault([]),
  input_events: z
    .array(z.strictObject({ at, kind: z.string(), count: z.int().min(1).prefault(1), labels: labelMap.prefault({}), repeat: z.strictObject({ every: durationText, until: at }).optional() }))
    .prefault([]),
  alert_rule_test: z
    .array(z.strictObject({ eval_time: at, alertname: z.string(), exp_alerts: z.array(z.strictObject({ exp_labels: expectedLabels.prefault({}), exp_annotations: labelMap.optional() })).nullish() }))
    .prefault([]),
  state_test: z
    .array(z.strictObject({ eval_time: at, alertname: z.string(), exp_states: z.array(z.strictObject({ labels: expectedLabels.prefault({}), state: z.enum(describedStates) })).nullish() }))
    .prefault([]),
  silences: z.array(z.strictObject({ at, until: at, matchers: z.array(z.string()).min(1), comment: z.string().optional() })).prefault([]),
  restarts: z.array(z.strictObject({ at, down: durationText })).prefault([]),
  message_test: z
    .array(
      z.strictObject({
        receiver: z.string(),
        between: z.tuple([at, at]),
        status: z.enum(['firing', 'resolved']).optional(),
        reason: z.enum(['first', 'newAlerts', 'resolved', 'repeat']).optional(),
        alerts: z.array(expectedLabels).optional(),
      }),
    )
    .optional(),
});

export const testFileSchema = z.strictObject({
  rule_files: z.array(z.string()).prefault([]),
  rules: z.unknown().optional(),
  alerting: alertingSection.optional(),
  evaluation_interval: durationText.prefault('1m'),
  tests: z.array(testSchema),
  group_eval_order: z.unknown().optional(),
});

export type RulesTest = z.output<typeof testSchema>;
export type RulesTestFile = z.output<typeof testFileSchema>;

/** The telemetry a test wrote down, and what is wrong with it. */
export function telemetryOf(test: RulesTest): { telemetry: Telemetry; problems: string[] } {
  const problems: string[] = [];
  const series = test.input_series.flatMap(({ series: name, values }): MemorySeries[] => {
    const parsed = parseSeries(name, values, test.interval);
    if (!parsed.ok) problems.push(parsed.message);
    return parsed.ok ? [parsed.series] : [];
  });
  const events = test.input_events.flatMap((event): MemoryEvent[] => {
    const { every, until } = event.repeat ?? { every: durationMs(1), until: event.at };
    const times = Math.floor(Math.max(0, until - event.at) / Math.max(1, every)) + 1;
    return Array.from({ length: times }, (_, index) => ({ at: unixMs(event.at + index * every), kind: event.kind, count: event.count, labels: event.labels }));
  });
  return { telemetry: { series, events, checks: events.flatMap(checkOf) }, problems };
}

export function silencesOf(test: RulesTest): { at: DurationMs; until: DurationMs; matchers: ReturnType<typeof readMatchers>; comment: string }[] {
  return test.silences.map((silence) => ({ at: silence.at, until: silence.until, matchers: readMatchers(silence.matchers), comment: silence.comment ?? 'test' }));
}

function readMatchers(texts: readonly string[]) {
  return texts.flatMap((text) => {
    const parsed = parseMatchers(text);
    if (!parsed.ok) throw new Error(parsed.message);
    return parsed.matchers;
  });
}
