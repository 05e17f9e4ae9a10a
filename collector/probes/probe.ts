import { z } from 'zod';
import type { ArtifactKeeper } from '#collector/artifacts.ts';
import type { BeatExpectation, BeatSeen } from '#collector/beat.ts';
import type { Failure, Phases } from '#collector/check.ts';
import { type MaintenanceWindow, maintenanceSchema } from '#collector/maintenance.ts';
import type { Vantage } from '#collector/vantage.ts';
import type { Clock } from '#lib/clock.ts';
import type { Field } from '#lib/kinds.ts';
import type { Labels } from '#lib/labels.ts';
import { durationText, idText, labelMap } from '#lib/schema.ts';
import { type DurationMs, durationMs, second } from '#lib/time.ts';

/** What one look saw; whether a pass was slow is judged by who holds the watch. */
export interface Sight {
  outcome: { kind: 'pass' } | { kind: 'slow'; reason: string } | { kind: 'fail'; failure: Failure } | { kind: 'unknown'; reason: string };
  phases: Phases;
  evidence: Readonly<Record<string, unknown>>;
  /** What the target took, where the whole check also waited by our own plan. */
  tookMs?: DurationMs;
}

export interface Look {
  vantage: Vantage;
  clock: Clock;
  /** Aborted when the time is up; the check then answers at once with what it has seen so far. */
  signal: AbortSignal;
  /** 0 or absent for a scheduled check; a re-check tries another address of the same name first. */
  attempt?: number;
  /** What was heard of a probe that expects beats; absent where nobody listens. */
  beats?: ((probeId: string) => BeatSeen | undefined) | undefined;
  /** Where pictures and traces are kept; absent where nobody keeps them. */
  artifacts?: ArtifactKeeper | undefined;
}

/** Expected failures are values; a thrown error is a fault of the prober and makes the result unknown. */
export type Check = (look: Look) => Promise<Sight>;

/** A configured check, ready to run; it holds no run-time counters. */
export interface Probe {
  id: string;
  kind: string;
  service: string;
  /** What it looks at, for a person: an address or the first step's address. */
  target: string;
  intervalMs: DurationMs;
  timeoutMs: DurationMs;
  slowAfterMs: DurationMs;
  /** How often and how soon a failure is looked at again before it counts as confirmed. */
  confirm: { times: number; afterMs: DurationMs };
  vantages: readonly string[];
  /** Probes without whose target this one cannot work. */
  dependsOn?: readonly string[];
  /** Planned times in which it counts for nothing. */
  maintenance?: readonly MaintenanceWindow[];
  labels: Labels;
  /** As written by the operator, secrets kept as `Secret`. */
  config: Readonly<Record<string, unknown>>;
  check: Check;
  /** How long a check waits by its own plan; such time is not the target's slowness. */
  pausesMs?: DurationMs;
  /** Only of a probe that waits to be called. */
  beat?: BeatExpectation;
}

const confirmSchema = z.strictObject({
  times: z.number().int().min(0).max(10).default(1),
  after: durationText.default(second),
});

const timing = (least: number, most: number) =>
  durationText.refine((span) => span >= least && span <= most, { message: `must be between ${least} ms and ${most / 1000} s`, params: { hint: 'for example 10s' } });

/** The keys every kind of probe has. */
export const probeShape = {
  id: idText,
  service: idText,
  interval: timing(500, 86_400_000).default(durationMs(10_000)),
  timeout: timing(50, 300_000).default(durationMs(5_000)),
  slow_after: timing(1, 300_000).optional(),
  confirm: confirmSchema.prefault({}),
  vantages: z.array(idText).default([]),
  depends_on: z.array(idText).default([]),
  maintenance: maintenanceSchema,
  labels: labelMap.default({}),
};

type CommonConfig = z.output<z.ZodObject<typeof probeShape>>;

/** The ready probe from the keys every kind shares; `slow_after` is a fifth of the timeout unless written. */
export function readyProbe(config: CommonConfig, own: { kind: string; target: string; check: Check }): Probe {
  return {
    id: config.id,
    kind: own.kind,
    service: config.service,
    target: own.target,
    intervalMs: config.interval,
    timeoutMs: config.timeout,
    slowAfterMs: config.slow_after ?? durationMs(config.timeout / 5),
    confirm: { times: config.confirm.times, afterMs: config.confirm.after },
    vantages: config.vantages,
    dependsOn: config.depends_on,
    ...(config.maintenance.length > 0 && { maintenance: config.maintenance }),
    labels: config.labels,
    config,
    check: own.check,
  };
}

/** The form inputs every kind of probe has. */
export const probeFields: readonly Field[] = [
  { id: 'id', label: { 'zh-CN': '编号', en: 'Id' }, input: 'text', required: true },
  { id: 'service', label: { 'zh-CN': '所属服务', en: 'Service' }, input: 'text', required: true, from: 'services' },
  { id: 'interval', label: { 'zh-CN': '间隔', en: 'Interval' }, input: 'duration', required: false },
  { id: 'timeout', label: { 'zh-CN': '超时', en: 'Timeout' }, input: 'duration', required: false },
  { id: 'slow_after', label: { 'zh-CN': '超过多久算慢', en: 'Slow after' }, input: 'duration', required: false, help: { 'zh-CN': '默认为超时的五分之一', en: 'A fifth of the timeout by default' } },
  { id: 'confirm.times', label: { 'zh-CN': '失败后复查次数', en: 'Looks again after a failure' }, input: 'number', required: false },
  { id: 'confirm.after', label: { 'zh-CN': '复查间隔', en: 'Looks again after' }, input: 'duration', required: false },
  { id: 'vantages', label: { 'zh-CN': '探测点', en: 'Vantages' }, input: 'list', required: false, from: 'vantages' },
  {
    id: 'depends_on',
    label: { 'zh-CN': '依赖的探测', en: 'Depends on' },
    input: 'list',
    required: false,
    from: 'probes',
    help: { 'zh-CN': '所依赖的探测失败时，本探测记为未知', en: 'While one of these fails, this probe is unknown' },
  },
  { id: 'labels', label: { 'zh-CN': '标签', en: 'Labels' }, input: 'map', required: false, help: { 'zh-CN': '随结果带到告警', en: 'Carried along to alerts' } },
  {
    id: 'maintenance',
    label: { 'zh-CN': '计划维护', en: 'Planned maintenance' },
    input: 'items',
    required: false,
    help: { 'zh-CN': '其间所见照留，不计入可用率，也不告警', en: 'What is seen then is kept, and counts neither for uptime nor for alerts' },
    variants: [
      {
        key: 'from',
        label: { 'zh-CN': '时段', en: 'Window' },
        fields: [
          { id: 'from', label: { 'zh-CN': '从', en: 'From' }, input: 'text', required: true, help: { 'zh-CN': '例如 2026-12-01T22:00:00+08:00', en: 'For example 2026-12-01T22:00:00+08:00' } },
          { id: 'until', label: { 'zh-CN': '到', en: 'Until' }, input: 'text', required: true },
        ],
      },
    ],
  },
];
