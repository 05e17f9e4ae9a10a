import { z } from 'zod';
import { buildKind } from '#lib/kinds.ts';
import { durationText, secretText } from '#lib/schema.ts';
import { durationMs } from '#lib/time.ts';
import type { AlertingPlan } from './plan.ts';
import { type ReceiverEntry, rawReceivers, readReceiver } from './receiver-settings.ts';
import { buildRoute } from './route.ts';
import { inhibitionSchema, namesIn, routeSchema, routeWish } from './route-settings.ts';
import { ruleKinds } from './rules/index.ts';
import type { Rule } from './rules/rule.ts';
import type { SenderContext } from './senders/sender.ts';
import { timeIntervalSchema } from './time-interval-settings.ts';

/** A rule with the text it was written as, for people to read. */
export type RuleEntry = Rule & { config: Record<string, unknown> };

/** Every rule built by its kind; each problem keeps its place under `rules[n]`. */
export const rulesSection = z.array(z.record(z.string(), z.unknown())).transform((entries, context): RuleEntry[] =>
  entries.flatMap((raw, index) => {
    const built = buildKind(ruleKinds, raw, undefined);
    const issues = built.ok ? oddities(built.ready, raw) : built.issues;
    for (const issue of issues) context.addIssue({ ...issue, path: [index, ...issue.path] } as Parameters<typeof context.addIssue>[0]);
    return built.ok ? [{ ...built.ready, config: raw }] : [];
  }),
);

/** What no single key can tell: lines on the wrong side of one another, a threshold without a line. */
function oddities(rule: Rule, raw: Record<string, unknown>): z.core.$ZodIssueCustom[] {
  const issue = (path: string, message: string, hint: string): z.core.$ZodIssueCustom => ({ code: 'custom', path: [path], input: raw[path], message, params: { hint } });
  const found: z.core.$ZodIssueCustom[] = [];
  if (rule.kind === 'threshold' && (rule.above === null) === (rule.below === null)) found.push(issue('above', 'a threshold needs either "above" or "below"', 'write one of them'));
  if (typeof raw.recover_below === 'number' && (rule.above === null || raw.recover_below > rule.above))
    found.push(issue('recover_below', 'must not lie over "above"', 'recovery needs a lower value than the alert'));
  if (typeof raw.recover_above === 'number' && (rule.below === null || raw.recover_above < rule.below))
    found.push(issue('recover_above', 'must not lie under "below"', 'recovery needs a higher value than the alert'));
  if (typeof raw.fail === 'number' && typeof raw.of === 'number' && raw.fail > raw.of) found.push(issue('fail', `${raw.fail} of the last ${raw.of} can never happen`, '"fail" is at most "of"'));
  if (rule.terms.intervalMs < 100) found.push(issue('interval', 'is too short', 'at least 100ms'));
  return found;
}

const anything = z.unknown().optional();
/** Alertmanager's `global`; what belongs to channels we do not have is accepted and not used. */
const globalSection = z.looseObject({
  resolve_timeout: durationText.optional(),
  smtp_smarthost: z.string().optional(),
  smtp_from: z.string().optional(),
  smtp_hello: z.string().optional(),
  smtp_auth_username: z.string().optional(),
  smtp_auth_password: secretText.optional(),
  smtp_require_tls: z.boolean().optional(),
});

const alertingShape = z.strictObject({
  global: globalSection.prefault({}),
  templates: anything,
  route: routeSchema,
  receivers: rawReceivers.prefault([]),
  inhibit_rules: z.array(inhibitionSchema).prefault([]),
  time_intervals: z.array(timeIntervalSchema).prefault([]),
  mute_time_intervals: z.array(timeIntervalSchema).prefault([]),
  /** Ours: whether webhooks may call loopback and private addresses. */
  private_addresses: z.enum(['allowed', 'refused']).prefault('allowed'),
});

export type AlertingSettings = AlertingPlan & {
  privateAddresses: 'allowed' | 'refused';
  /** The section as it was written; show it through `configYaml` only. */
  written: Readonly<Record<string, unknown>>;
};

const fiveMinutes = durationMs(300_000);
const nobody: AlertingSettings = {
  root: buildRoute({ matchers: [], receiver: '', muteIntervals: [], activeIntervals: [], continues: false, children: [] }),
  receivers: new Map(),
  inhibitions: [],
  intervals: new Map(),
  resolveTimeoutMs: fiveMinutes,
  privateAddresses: 'allowed',
  written: {},
};

/**
 * Alertmanager's file, read into a plan. Receivers and the names that lead to them are checked also when something else is
 * wrong, so that every problem is said in one go.
 */
export const alertingSection = z.record(z.string(), z.unknown()).transform((raw, context): AlertingSettings => {
  const complain = (path: (string | number)[], { message, hint }: { message: string; hint: string }) => context.addIssue({ code: 'custom', path, message, params: { hint } });
  const parsed = alertingShape.safeParse(raw);
  for (const issue of parsed.success ? [] : parsed.error.issues) context.addIssue({ ...issue } as Parameters<typeof context.addIssue>[0]);
  const global = parsed.success ? parsed.data.global : {};
  const entries = mapsIn(raw.receivers).map((entry, index) => readReceiver(entry, senderContext(global), (path, issue) => complain(['receivers', index, ...path], issue)));
  const intervals = [...mapsIn(raw.time_intervals), ...mapsIn(raw.mute_time_intervals)].map((interval) => interval.name);
  for (const { kind, name, path } of namesIn(raw.route)) {
    const known = kind === 'receiver' ? entries.map((entry) => entry.name) : intervals;
    if (!known.includes(name))
      complain(['route', ...path], {
        message: `there is no ${kind === 'receiver' ? 'receiver' : 'time interval'} "${name}"`,
        hint: known.length > 0 ? `known: ${known.join(', ')}` : 'none is defined',
      });
  }
  return parsed.success ? { ...planOf(parsed.data, entries), written: raw } : nobody;
});

function planOf(data: z.output<typeof alertingShape>, entries: readonly ReceiverEntry[]): Omit<AlertingSettings, 'written'> {
  return {
    root: buildRoute(routeWish(data.route)),
    receivers: new Map(entries.map((entry) => [entry.name, entry.integrations])),
    inhibitions: data.inhibit_rules,
    intervals: new Map([...data.time_intervals, ...data.mute_time_intervals].map((interval) => [interval.name, interval])),
    resolveTimeoutMs: data.global.resolve_timeout ?? fiveMinutes,
    privateAddresses: data.private_addresses,
  };
}

const mapsIn = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.map((entry: unknown) => (typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? { ...entry } : {})) : [];

function senderContext(global: Partial<z.output<typeof globalSection>>): SenderContext {
  return {
    smarthost: global.smtp_smarthost ?? null,
    from: global.smtp_from ?? null,
    username: global.smtp_auth_username ?? null,
    password: global.smtp_auth_password ?? null,
    requireTls: global.smtp_require_tls ?? true,
  };
}

export const shape = {
  rules: rulesSection.default([]),
  alerting: alertingSection.default(nobody),
  smtp: z
    .strictObject({
      url: z.union([secretText.transform((secret) => secret.reveal()), z.string()]).refine((url) => /^smtps?:\/\/[^/]+/.test(url), {
        message: 'must be like smtp://mail.example:25',
        params: { hint: 'smtps:// for TLS from the start; user and password may stand before the host' },
      }),
      from: z.string().min(3),
    })
    .optional(),
};

export const references = [{ from: 'rules[].probes[]', to: 'probes[].id' }];
