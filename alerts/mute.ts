import { type Labels, labelKey } from '#lib/labels.ts';
import type { Bilingual } from '#lib/text.ts';
import { iso, type UnixMs } from '#lib/time.ts';
import type { Alert } from './alert.ts';
import { type Matcher, matchesAll } from './matcher.ts';
import type { Route } from './route.ts';
import { type Silence, silences as silencesAlert } from './silence.ts';
import { insideInterval, intervalEnd, type TimeInterval } from './time-interval.ts';

/** A firing source mutes its targets when the named labels are equal; a missing label equals an empty one. */
export interface Inhibition {
  source: readonly Matcher[];
  target: readonly Matcher[];
  equal: readonly string[];
}

/** One cause of being mute; three causes, one answer. */
export interface MuteReason {
  by: 'silence' | 'inhibition' | 'interval' | 'maintenance';
  /** The silence's id, the source's fingerprint, or the interval's name. */
  id: string;
  text: Bilingual;
  until: UnixMs | null;
}

/** What muting looks at. Built once for a round: the sources are indexed by rule and equal labels. */
export interface MuteWorld {
  silences: readonly Silence[];
  inhibitions: readonly { rule: Inhibition; sources: ReadonlyMap<string, readonly Alert[]> }[];
}

export function muteWorld(parts: { silences: Iterable<Silence>; inhibitions: readonly Inhibition[]; alerts: Iterable<Alert> }, now: UnixMs): MuteWorld {
  const firing = parts.inhibitions.length === 0 ? [] : [...parts.alerts].filter((alert) => alert.state === 'firing');
  return {
    silences: [...parts.silences].filter((silence) => now >= silence.startsAt && now < silence.endsAt),
    inhibitions: parts.inhibitions.map((rule) => {
      const sources = new Map<string, Alert[]>();
      for (const alert of firing) if (matchesAll(rule.source, alert.labels)) append(sources, equalKey(rule, alert.labels), alert);
      return { rule, sources };
    }),
  };
}

/** Every reason why this alert is not spoken of now; empty when it is. */
export function mutedBy(alert: { labels: Labels; fingerprint: string }, world: MuteWorld, now: UnixMs): MuteReason[] {
  const reasons: MuteReason[] = world.silences.filter((silence) => silencesAlert(silence, alert.labels, now)).map(silenceReason);
  for (const { rule, sources } of world.inhibitions) {
    if (!matchesAll(rule.target, alert.labels)) continue;
    const targetIsSource = matchesAll(rule.source, alert.labels);
    // Two alerts that are each both source and target would mute one another; neither does.
    const source = sources.get(equalKey(rule, alert.labels))?.find((candidate) => candidate.fingerprint !== alert.fingerprint && !(targetIsSource && matchesAll(rule.target, candidate.labels)));
    if (source) reasons.push(inhibitionReason(source));
  }
  return reasons;
}

/** Whether the route's mute or active intervals keep its groups quiet now. */
export function intervalMute(route: Route, intervals: ReadonlyMap<string, TimeInterval>, now: UnixMs): MuteReason[] {
  const named = (names: readonly string[]) => names.flatMap((name) => intervals.get(name) ?? []);
  const reasons = named(route.muteIntervals)
    .filter((interval) => insideInterval(interval, now))
    .map((interval) => intervalReason(interval.name, intervalEnd(interval, now) ?? null));
  const active = named(route.activeIntervals);
  if (active.length > 0 && !active.some((interval) => insideInterval(interval, now))) {
    const name = active.map((interval) => interval.name).join(', ');
    reasons.push({ by: 'interval', id: name, until: null, text: { 'zh-CN': `不在通知时段“${name}”内`, en: `outside the active interval "${name}"` } });
  }
  return reasons;
}

const equalKey = (rule: Inhibition, labels: Labels): string => labelKey(Object.fromEntries(rule.equal.map((name) => [name, labels[name] ?? ''])));

function append(map: Map<string, Alert[]>, key: string, alert: Alert): void {
  const list = map.get(key);
  if (list) list.push(alert);
  else map.set(key, [alert]);
}

function silenceReason(silence: Silence): MuteReason {
  return {
    by: 'silence',
    id: silence.id,
    until: silence.endsAt,
    text: { 'zh-CN': `已被 ${silence.createdBy} 静默：${silence.comment}`, en: `silenced by ${silence.createdBy}: ${silence.comment}` },
  };
}

function inhibitionReason(source: Alert): MuteReason {
  return {
    by: 'inhibition',
    id: source.fingerprint,
    until: null,
    text: { 'zh-CN': `被“${source.title['zh-CN']}”抑制`, en: `inhibited by "${source.title.en}"` },
  };
}

function intervalReason(name: string, until: UnixMs | null): MuteReason {
  const end = until === null ? { 'zh-CN': '', en: '' } : { 'zh-CN': `，至 ${iso(until)}`, en: ` until ${iso(until)}` };
  return { by: 'interval', id: name, until, text: { 'zh-CN': `处于免打扰时段“${name}”${end['zh-CN']}`, en: `inside the mute interval "${name}"${end.en}` } };
}
