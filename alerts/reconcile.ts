import { fingerprint, type Labels } from '#lib/labels.ts';
import type { Bilingual } from '#lib/text.ts';
import { after, between, type DurationMs, durationMs, type UnixMs } from '#lib/time.ts';
import type { Alert, AlertTransition, Finding, ResolvedBecause } from './alert.ts';
import { fillTemplate } from './template.ts';

/** What a rule says about time and names; everything else about it is in the findings. */
export interface RuleTerms {
  name: string;
  title: Bilingual;
  forMs: DurationMs;
  keepFiringForMs: DurationMs;
  intervalMs: DurationMs;
  labels: Labels;
  annotations: Labels;
  noData: 'ok' | 'alert' | 'keep';
}

/** One evaluation. */
export interface Look {
  findings: readonly Finding[];
  now: UnixMs;
  /** How long nobody looked before this evaluation; such time counts toward no clock. */
  downMs: DurationMs;
  /** The window still reaches into a time when nobody looked: what is missing may only not have been collected. */
  blind: boolean;
}

export interface Reconciled {
  alerts: Alert[];
  /** Pending alerts that came to nothing. */
  dropped: string[];
  transitions: AlertTransition[];
}

/** A label set that vanishes among others is kept for two evaluations. */
const missingEvaluations = 2;
/** Four changes within the last twenty evaluations are flapping; while flapping, four good evaluations in a row end it. */
const flapping = { changes: 4, evaluations: 20, good: 4 };

const noDataAtAll: Finding = { says: 'noData', labels: {}, value: null, samples: 0, why: { 'zh-CN': '没有任何数据', en: 'no data at all' } };
const ownPrint = (terms: RuleTerms): string => fingerprint(fullLabels(terms, noDataAtAll));

interface Observation {
  says: 'breach' | 'between' | 'clear' | 'hold' | 'missing';
  sight: Alert['sight'];
  because: ResolvedBecause;
}

/** Alerts as they are and what was found → alerts as they will be, and every change of state. Pure. */
export function reconcile(terms: RuleTerms, alerts: readonly Alert[], look: Look): Reconciled {
  const current = latest(alerts);
  const result: Reconciled = { alerts: [], dropped: [], transitions: [] };
  const seen = named(terms, look.findings);
  const failed = seen === null || look.findings.some((finding) => finding.says === 'error' && Object.keys(finding.labels).length === 0);
  const nothing = !failed && look.findings.every((finding) => finding.says === 'noData');
  for (const [print, finding] of failed ? [] : seen) advance(terms, { before: current.get(print), observation: observe(terms, look, finding), look, finding }, result);
  for (const [print, alert] of current) {
    if (alert.state === 'resolved' || (!failed && seen.has(print))) continue;
    const observation: Observation = failed ? { says: 'hold', sight: 'error', because: 'clear' } : unseen(terms, look, { nothing, ownLabels: print === ownPrint(terms) });
    advance(terms, { before: alert, observation, look, finding: null }, result);
  }
  const live = [...current.values()].some((alert) => alert.state !== 'resolved');
  if (!failed && look.findings.length === 0 && terms.noData === 'alert' && !look.blind && !live) {
    advance(terms, { before: current.get(ownPrint(terms)), observation: { says: 'breach', sight: 'noData', because: 'clear' }, look, finding: noDataAtAll }, result);
  }
  return result;
}

/** Labels of the alert a finding speaks of: the series' own, the rule's on top, and the rule's name. */
export function fullLabels(terms: Pick<RuleTerms, 'name' | 'labels'>, finding: Finding): Labels {
  const added: Labels = Object.fromEntries(Object.entries(terms.labels).map(([name, value]) => [name, fillTemplate(value, finding)]));
  return Object.fromEntries(Object.entries({ ...finding.labels, ...added, alertname: terms.name }).filter(([, value]) => value !== ''));
}

/** By fingerprint; null when two findings end up with the same labels, which is an error of the rule and never a merge. */
function named(terms: RuleTerms, findings: readonly Finding[]): Map<string, Finding> | null {
  const seen = new Map<string, Finding>();
  for (const finding of findings) {
    if (finding.says === 'error') continue;
    const print = fingerprint(fullLabels(terms, finding));
    if (seen.has(print)) return null;
    seen.set(print, finding);
  }
  return seen;
}

function latest(alerts: readonly Alert[]): Map<string, Alert> {
  const current = new Map<string, Alert>();
  for (const alert of alerts) {
    const known = current.get(alert.fingerprint);
    if (!known || known.activeAt <= alert.activeAt) current.set(alert.fingerprint, alert);
  }
  return current;
}

function observe(terms: RuleTerms, look: Look, finding: Finding): Observation {
  if (finding.says === 'noData') return withoutData(terms, look);
  if (finding.says === 'error') return { says: 'hold', sight: 'error', because: 'clear' };
  return { says: finding.says, sight: 'ok', because: 'clear' };
}

function unseen(terms: RuleTerms, look: Look, { nothing, ownLabels }: { nothing: boolean; ownLabels: boolean }): Observation {
  if (nothing) return withoutData(terms, look);
  // The alert that said "no data at all" ends as soon as there is some.
  if (ownLabels) return { says: 'clear', sight: 'ok', because: 'clear' };
  return { says: look.blind ? 'hold' : 'missing', sight: look.blind ? 'noData' : 'ok', because: 'missingSeries' };
}

function withoutData(terms: RuleTerms, look: Look): Observation {
  const says = look.blind || terms.noData === 'keep' ? 'hold' : terms.noData === 'alert' ? 'breach' : 'clear';
  return { says, sight: 'noData', because: 'noData' };
}

interface Step {
  before: Alert | undefined;
  observation: Observation;
  look: Look;
  finding: Finding | null;
}

function advance(terms: RuleTerms, step: Step, result: Reconciled): void {
  const { before, look } = step;
  const next = before && before.state !== 'resolved' ? proceed(terms, before, step) : begin(terms, step);
  if (next === undefined) return;
  if (next === null) {
    if (!before) return;
    result.dropped.push(before.episode);
    result.transitions.push({ fingerprint: before.fingerprint, episode: before.episode, from: before.state, to: 'inactive', at: look.now, alert: before });
    return;
  }
  result.alerts.push(next);
  const from = before && before.episode === next.episode ? before.state : 'inactive';
  if (from !== next.state) result.transitions.push({ fingerprint: next.fingerprint, episode: next.episode, from, to: next.state, at: look.now, alert: next });
}

function begin(terms: RuleTerms, { before, observation, look, finding }: Step): Alert | undefined {
  if (observation.says !== 'breach' || !finding) return undefined;
  const { now } = look;
  const labels = fullLabels(terms, finding);
  const print = fingerprint(labels);
  const flips = before?.memory.flips ?? [];
  const fired = terms.forMs === 0;
  const memory = { missingSince: null, flips: fired ? [...flips, now] : flips };
  const common = {
    fingerprint: print,
    episode: `${print}-${now.toString(36)}`,
    rule: terms.name,
    labels,
    outside: null,
    acknowledgement: null,
    title: terms.title,
    annotations: filledAnnotations(terms, finding),
    value: finding.value,
    why: finding.why,
    sight: observation.sight,
    flapping: isFlapping(terms, memory.flips, now),
    memory,
    evaluatedAt: now,
  };
  return fired ? { ...common, state: 'firing', activeAt: now, firedAt: now, clearSince: null } : { ...common, state: 'pending', activeAt: now };
}

/** Null when a pending alert came to nothing. */
function proceed(terms: RuleTerms, before: Alert & { state: 'pending' | 'firing' }, step: Step): Alert | null {
  const { observation, look } = step;
  const said = step.finding ? { value: step.finding.value, why: step.finding.why, annotations: filledAnnotations(terms, step.finding) } : {};
  const seen = { ...said, title: terms.title, sight: observation.sight, evaluatedAt: look.now };
  // Time in which nobody looked, or nothing could be seen, counts toward no clock.
  const lost = observation.says === 'hold' ? between(before.evaluatedAt, look.now) : look.downMs;
  return before.state === 'pending'
    ? proceedPending(terms, { ...before, ...seen, activeAt: after(before.activeAt, lost) }, step)
    : proceedFiring(terms, { ...before, ...seen, ...shifted(before, lost) }, step);
}

function shifted(alert: Alert & { state: 'firing' }, lost: DurationMs): { clearSince: UnixMs | null; memory: Alert['memory'] } {
  const shift = (at: UnixMs | null) => (at === null ? null : after(at, lost));
  return { clearSince: shift(alert.clearSince), memory: { ...alert.memory, missingSince: shift(alert.memory.missingSince) } };
}

function proceedPending(terms: RuleTerms, alert: Alert & { state: 'pending' }, { observation, look }: Step): Alert | null {
  if (observation.says === 'hold') return alert;
  if (observation.says !== 'breach') return null;
  if (between(alert.activeAt, look.now) < terms.forMs) return alert;
  const flips = recent(terms, [...alert.memory.flips, look.now], look.now);
  return { ...alert, state: 'firing', firedAt: look.now, clearSince: null, flapping: isFlapping(terms, flips, look.now), memory: { missingSince: null, flips } };
}

function proceedFiring(terms: RuleTerms, alert: Alert & { state: 'firing' }, { observation, look }: Step): Alert {
  const { now } = look;
  const flips = recent(terms, alert.memory.flips, now);
  const flaps = isFlapping(terms, flips, now);
  const kept: Alert & { state: 'firing' } = { ...alert, flapping: flaps, memory: { ...alert.memory, flips } };
  if (observation.says === 'hold') return kept;
  if (observation.says === 'breach' || observation.says === 'between') return { ...kept, clearSince: null, memory: { missingSince: null, flips } };
  if (observation.says === 'missing') {
    const missingSince = kept.memory.missingSince ?? now;
    if (between(missingSince, now) < missingEvaluations * terms.intervalMs) return { ...kept, memory: { missingSince, flips } };
    return resolved(kept, now, observation.because);
  }
  const clearSince = kept.clearSince ?? now;
  const holdMs = Math.max(terms.keepFiringForMs, flaps ? (flapping.good - 1) * terms.intervalMs : 0);
  if (between(clearSince, now) < holdMs) return { ...kept, clearSince, memory: { missingSince: null, flips } };
  return resolved(kept, now, observation.because);
}

/** Ends an alert: by its rule, because its rule is gone, or because whoever posted it says so. */
export function resolved(alert: Alert & { state: 'firing' }, now: UnixMs, because: ResolvedBecause): Alert & { state: 'resolved' } {
  const { clearSince: _held, ...rest } = alert;
  return { ...rest, state: 'resolved', resolvedAt: now, because, memory: { missingSince: null, flips: [...alert.memory.flips, now] } };
}

const lookBack = (terms: RuleTerms): DurationMs => durationMs(flapping.evaluations * terms.intervalMs);
/** How long an ended alert must be remembered for flapping to be seen. */
export const flapMemoryMs = lookBack;
const recent = (terms: RuleTerms, flips: readonly UnixMs[], now: UnixMs): UnixMs[] => flips.filter((at) => between(at, now) < lookBack(terms));
const isFlapping = (terms: RuleTerms, flips: readonly UnixMs[], now: UnixMs): boolean => recent(terms, flips, now).length >= flapping.changes;

function filledAnnotations(terms: RuleTerms, finding: Finding): Labels {
  return Object.fromEntries(Object.entries(terms.annotations).map(([name, text]) => [name, fillTemplate(text, finding)]));
}
