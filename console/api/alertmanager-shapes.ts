import { z } from 'zod';
import { type Matcher, matches, matchesAll, patternProblem } from '#alerts/matcher.ts';
import { type Silence, type SilenceWish, silenceState } from '#alerts/silence.ts';
import type { Labels } from '#lib/labels.ts';
import { after, durationMs, iso, minute, parseIso, type UnixMs } from '#lib/time.ts';
import type { PostedAlert, SeenAlert } from './alertmanager-desk.ts';

/** Alertmanager's API v2 on the wire, and ours inside. */

const instant = z.string().transform((text, context): UnixMs => {
  const at = parseIso(text);
  if (at !== undefined) return at;
  context.addIssue({ code: 'custom', message: `"${text}" is not an RFC 3339 instant` });
  return z.NEVER;
});
/** Go programs send the year 1 for "not set". */
const optionalInstant = instant.nullish().transform((at): UnixMs | null => (at === null || at === undefined || at <= 0 ? null : at));
const labelSet = z.record(z.string().max(1_024), z.string().max(65_536));

export const postedAlerts = z.array(z.unknown()).max(10_000);

const postedAlert = z.object({
  labels: labelSet,
  annotations: labelSet.nullish(),
  startsAt: optionalInstant,
  endsAt: optionalInstant,
  generatorURL: z.string().max(65_536).nullish(),
});

/** Reads one posted alert; labels with an empty value count as absent. A text says what is wrong with it. */
export function readPostedAlert(raw: unknown): PostedAlert | string {
  const parsed = postedAlert.safeParse(raw);
  if (!parsed.success) return parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  const { annotations, startsAt, endsAt, generatorURL } = parsed.data;
  const labels = present(parsed.data.labels);
  if (Object.keys(labels).length === 0) return 'at least one label pair required';
  const odd = [...Object.keys(labels), ...Object.keys(annotations ?? {})].find((name) => !isLabelName(name));
  if (odd !== undefined) return `invalid label name: ${JSON.stringify(odd)}`;
  if (startsAt !== null && endsAt !== null && endsAt < startsAt) return 'start time must be before end time';
  return { labels, annotations: present(annotations ?? {}), startsAt, endsAt, generatorUrl: generatorURL ?? '' };
}

// Any text is a name by now, but not an empty one, nor one that no terminal or database bears.
const isLabelName = (name: string): boolean => name !== '' && !/\p{Cc}/u.test(name);
const present = (labels: Labels): Labels => Object.fromEntries(Object.entries(labels).flatMap(([name, value]) => (value === '' ? [] : [[name, value.replaceAll('\0', '')]])));

const postedSilence = z.object({
  id: z.string().max(100).nullish(),
  matchers: z.array(z.object({ name: z.string().min(1).max(1_024), value: z.string().max(65_536), isRegex: z.boolean(), isEqual: z.boolean().nullish() })).max(100),
  startsAt: instant,
  endsAt: instant,
  createdBy: z.string().max(1_024),
  comment: z.string().max(65_536),
});

/** Reads a posted silence; a text says what is wrong with it. */
export function readPostedSilence(raw: unknown): SilenceWish | string {
  const parsed = postedSilence.safeParse(raw);
  if (!parsed.success) return parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  const { id, matchers, ...rest } = parsed.data;
  const read = matchers.map(
    ({ name, value, isRegex, isEqual }): Matcher => ({ name, value, operator: `${isEqual === false ? '!' : ''}${isRegex ? (isEqual === false ? '~' : '=~') : '='}` as Matcher['operator'] }),
  );
  const problem = read.filter(({ operator }) => operator.endsWith('~')).map(({ name, value }) => [name, patternProblem(value)] as const);
  const bad = problem.find(([, said]) => said !== undefined);
  if (bad) return `invalid matcher for ${bad[0]}: ${bad[1]}`;
  return { ...(id ? { id } : {}), matchers: read, ...rest };
}

export function silenceShape(silence: Silence, now: UnixMs) {
  const matchers = silence.matchers.map(({ name, value, operator }) => ({ name, value, isRegex: operator.endsWith('~'), isEqual: !operator.startsWith('!') }));
  const { id, createdBy, comment } = silence;
  return { id, status: { state: silenceState(silence, now) }, updatedAt: iso(silence.updatedAt), comment, createdBy, endsAt: iso(silence.endsAt), matchers, startsAt: iso(silence.startsAt) };
}

export function alertShape({ alert, receivers, silencedBy, inhibitedBy, mutedBy }: SeenAlert, now: UnixMs) {
  const generatorURL = alert.outside?.generatorUrl;
  // A rule's alert has no end yet; what Prometheus would say of it is "not before four evaluations from now".
  const endsAt = alert.outside?.endsAt ?? after(now, durationMs(4 * minute));
  return {
    annotations: alert.annotations,
    endsAt: iso(endsAt),
    fingerprint: alert.fingerprint,
    receivers: receivers.map((name) => ({ name })),
    startsAt: iso(alert.state === 'firing' && !alert.outside ? alert.firedAt : alert.activeAt),
    status: { inhibitedBy, mutedBy, silencedBy, state: isSuppressed({ silencedBy, inhibitedBy, mutedBy }) ? 'suppressed' : 'active' },
    updatedAt: iso(alert.evaluatedAt),
    ...(generatorURL ? { generatorURL } : {}),
    labels: alert.labels,
  };
}

export interface AlertFilter {
  active: boolean;
  silenced: boolean;
  inhibited: boolean;
  muted: boolean;
  matchers: readonly Matcher[];
  /** Anchored, as in every matcher. */
  receiver: string | undefined;
}

export function passes(filter: AlertFilter, seen: SeenAlert): boolean {
  if (!filter.active && !isSuppressed(seen)) return false;
  if (!filter.silenced && seen.silencedBy.length > 0) return false;
  if (!filter.inhibited && seen.inhibitedBy.length > 0) return false;
  if (!filter.muted && seen.mutedBy.length > 0) return false;
  return matchesAll(filter.matchers, seen.alert.labels) && (filter.receiver === undefined || seen.receivers.some((name) => matchesReceiver(filter.receiver, name)));
}

export const matchesReceiver = (pattern: string | undefined, receiver: string): boolean => pattern === undefined || matches({ name: 'receiver', operator: '=~', value: pattern }, { receiver });

/** Asked with matchers, a silence answers with what its own matchers say, as if they were labels. */
export const silencePasses = (matchers: readonly Matcher[], silence: Silence): boolean => matchesAll(matchers, Object.fromEntries(silence.matchers.map(({ name, value }) => [name, value])));

const isSuppressed = ({ silencedBy, inhibitedBy, mutedBy }: Pick<SeenAlert, 'silencedBy' | 'inhibitedBy' | 'mutedBy'>): boolean => silencedBy.length + inhibitedBy.length + mutedBy.length > 0;
