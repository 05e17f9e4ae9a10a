import { z } from 'zod';
import { bilingualText, durationText, idText, labelMap, labelName } from '#lib/schema.ts';
import type { Bilingual } from '#lib/text.ts';
import { type DurationMs, type UnixMs, unixMs } from '#lib/time.ts';
import type { Finding } from '../alert.ts';
import type { Facts, Window } from '../ports.ts';
import type { RuleTerms } from '../reconcile.ts';

/** What a rule must know of a probe to judge its results. */
export interface ProbeFacts {
  id: string;
  service: string;
  intervalMs: DurationMs;
  /** How many re-checks confirm a failure. */
  confirmTimes: number;
  vantages: readonly string[];
}

export interface RuleQuestion {
  facts: Facts;
  now: UnixMs;
  /** Undefined for a probe nobody configured. */
  probe(id: string): ProbeFacts | undefined;
}

/** Which stored batches may change what a rule says. */
export interface RuleInterest {
  probes: readonly string[];
  /** Slow results tell it no more than good ones do: they cannot start an alert of it. */
  slowIsGood?: boolean;
  logs: boolean;
  metrics: readonly string[];
}

/** A rule, ready: what it watches and how it judges; time and names are in its terms. */
export interface Rule {
  kind: string;
  terms: RuleTerms;
  /** How far back it looks: after a pause it is blind for that long. */
  windowMs: DurationMs;
  interest: RuleInterest;
  /** For people and for charts: `request.errors/request.total`, `request.duration:p95`. */
  measure: string;
  above: number | null;
  below: number | null;
  look(question: RuleQuestion): Promise<Finding[]>;
}

/** The keys every kind of rule has; Prometheus' names. */
export const ruleShape = {
  alert: idText,
  title: bilingualText.optional(),
  for: durationText.prefault('0s'),
  keep_firing_for: durationText.prefault('0s'),
  interval: durationText.prefault('10s'),
  labels: labelMap.prefault({}),
  annotations: labelMap.prefault({}),
  no_data: z.enum(['ok', 'alert', 'keep']).optional(),
};

export type RuleHead = z.output<z.ZodObject<typeof ruleShape>>;

export const labelNames = z.array(labelName);

/** Terms from the shared keys; `noData` is what this kind does when the rule does not say. */
export function ruleTerms(head: RuleHead, fallback: { title: Bilingual; noData: RuleTerms['noData'] }): RuleTerms {
  return {
    name: head.alert,
    title: head.title ?? fallback.title,
    forMs: head.for,
    keepFiringForMs: head.keep_firing_for,
    intervalMs: head.interval,
    labels: head.labels,
    annotations: head.annotations,
    noData: head.no_data ?? fallback.noData,
  };
}

/** The last `span` up to and including `now`: an observation made at `now` counts, one exactly `span` ago does not. */
export const windowUntil = (now: UnixMs, span: DurationMs): Window => ({ from: unixMs(now - span + 1), until: unixMs(now + 1) });

/** Breach, between or clear by a threshold with hysteresis. */
export function judge(value: number, limits: { above: number | null; below: number | null; recoverBelow: number | null; recoverAbove: number | null }): 'breach' | 'between' | 'clear' {
  const { above, below, recoverBelow, recoverAbove } = limits;
  if (above !== null && value > above) return 'breach';
  if (below !== null && value < below) return 'breach';
  if (above !== null && recoverBelow !== null && value >= recoverBelow) return 'between';
  if (below !== null && recoverAbove !== null && value <= recoverAbove) return 'between';
  return 'clear';
}
