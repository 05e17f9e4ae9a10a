import { fingerprint, type Labels } from '#lib/labels.ts';
import { after, type DurationMs, type UnixMs, unixMs } from '#lib/time.ts';
import { currentAlert } from './acknowledge.ts';
import type { Alert, AlertTransition } from './alert.ts';
import type { AlertChange, AlertState } from './ports.ts';
import { resolved } from './reconcile.ts';

/** An alert another program says it has; no end means "until it is not repeated any more". */
export interface PostedAlert {
  labels: Labels;
  annotations: Labels;
  startsAt: UnixMs | null;
  endsAt: UnixMs | null;
  generatorUrl: string;
}

/**
 * Merges posts into the alerts. The same labels are the same alert: the earliest start, the newest annotations, the latest
 * explicit end; a post that begins after the known one ended is a new episode.
 */
export function postAlerts(state: AlertState, posts: readonly PostedAlert[], terms: { now: UnixMs; resolveTimeoutMs: DurationMs }): Pick<AlertChange, 'alerts' | 'transitions'> {
  const alerts = new Map<string, Alert>();
  const transitions: AlertTransition[] = [];
  for (const post of posts) {
    const before = alerts.get(fingerprint(post.labels)) ?? currentAlert(state, fingerprint(post.labels));
    // A rule's own alert belongs to its rule; a post with the same labels does not touch it.
    if (before && before.rule !== null && before.state !== 'resolved') continue;
    const next = merge(before?.outside ? before : undefined, post, terms);
    if (!next) continue;
    alerts.set(next.fingerprint, next);
    const from = before && before.episode === next.episode ? before.state : 'inactive';
    if (from !== next.state) transitions.push({ fingerprint: next.fingerprint, episode: next.episode, from, to: next.state, at: terms.now, alert: next });
  }
  return { alerts: [...alerts.values()], transitions };
}

function merge(before: Alert | undefined, post: PostedAlert, { now, resolveTimeoutMs }: { now: UnixMs; resolveTimeoutMs: DurationMs }): Alert | null {
  const explicitEnd = post.endsAt !== null;
  const endsAt = post.endsAt ?? after(now, resolveTimeoutMs);
  const over = endsAt <= now;
  const startsAt = post.startsAt ?? (over ? endsAt : now);
  if (before && before.state === 'firing' && before.outside) {
    // A program that repeats itself knows its own end best; only an end it once said itself holds against a mere time-out.
    const keepsEnd = !over && before.outside.explicitEnd && before.outside.endsAt > endsAt;
    const outside = { endsAt: keepsEnd ? before.outside.endsAt : endsAt, explicitEnd: keepsEnd || explicitEnd, generatorUrl: post.generatorUrl };
    const started = unixMs(Math.min(startsAt, before.firedAt));
    const going = { ...before, activeAt: started, firedAt: started, annotations: post.annotations, why: whyOf(post), title: titleOf(post), outside, evaluatedAt: now };
    return over ? resolved(going, endsAt, 'ended') : going;
  }
  if (over) return null;
  const print = fingerprint(post.labels);
  // What ended and is said again with its old start goes on from now: the end was told already.
  const began = before && before.state === 'resolved' && startsAt <= before.resolvedAt ? now : startsAt;
  return {
    state: 'firing',
    activeAt: began,
    firedAt: began,
    clearSince: null,
    fingerprint: print,
    episode: `${print}-${now.toString(36)}`,
    rule: null,
    labels: post.labels,
    annotations: post.annotations,
    value: null,
    why: whyOf(post),
    title: titleOf(post),
    sight: 'ok',
    flapping: false,
    memory: { missingSince: null, flips: [] },
    outside: { endsAt, explicitEnd, generatorUrl: post.generatorUrl },
    acknowledgement: null,
    evaluatedAt: now,
  };
}

function titleOf({ labels, annotations }: PostedAlert): Alert['title'] {
  const text = annotations.summary || labels.alertname || 'alert';
  return { 'zh-CN': text, en: text };
}

function whyOf({ annotations }: PostedAlert): Alert['why'] {
  const text = annotations.description || annotations.summary || '';
  return { 'zh-CN': text, en: text };
}
