import type { Labels } from '#lib/labels.ts';
import type { UnixMs } from '#lib/time.ts';
import { type Matcher, matchesAll } from './matcher.ts';

/** A mute by hand, for a time. Expired ones stay as history. */
export interface Silence {
  id: string;
  matchers: readonly Matcher[];
  startsAt: UnixMs;
  endsAt: UnixMs;
  createdBy: string;
  comment: string;
  updatedAt: UnixMs;
}

export type SilenceState = 'pending' | 'active' | 'expired';

export function silenceState(silence: Silence, now: UnixMs): SilenceState {
  if (now >= silence.endsAt) return 'expired';
  return now < silence.startsAt ? 'pending' : 'active';
}

export const silences = (silence: Silence, labels: Labels, now: UnixMs): boolean => silenceState(silence, now) === 'active' && matchesAll(silence.matchers, labels);

/** What a person asks for; `id` names the one to edit. */
export interface SilenceWish {
  id?: string;
  matchers: readonly Matcher[];
  startsAt: UnixMs;
  endsAt: UnixMs;
  createdBy: string;
  comment: string;
}

export type SilenceAnswer = { ok: true; id: string; changed: readonly Silence[] } | { ok: false; reason: 'notFound' | 'invalid'; message: string };

/**
 * Creates or edits. Changing matchers or the start expires the old one under its id and makes a new one, so that history stays true;
 * changing the comment or the end keeps the id. An invalid wish changes nothing.
 */
export function putSilence(known: ReadonlyMap<string, Silence>, wish: SilenceWish, context: { now: UnixMs; newId: string }): SilenceAnswer {
  const { now, newId } = context;
  const problem = silenceProblem(wish, now);
  if (problem) return { ok: false, reason: 'invalid', message: problem };
  const fresh: Silence = { id: newId, matchers: wish.matchers, startsAt: later(wish.startsAt, now), endsAt: wish.endsAt, createdBy: wish.createdBy, comment: wish.comment, updatedAt: now };
  if (!wish.id) return { ok: true, id: newId, changed: [fresh] };
  const old = known.get(wish.id);
  if (!old) return { ok: false, reason: 'notFound', message: `no silence has the id ${wish.id}` };
  if (mayKeepId(old, wish, now)) {
    return { ok: true, id: old.id, changed: [{ ...old, endsAt: wish.endsAt, comment: wish.comment, createdBy: wish.createdBy, updatedAt: now }] };
  }
  const ended = silenceState(old, now) === 'expired' ? [] : [expired(old, now)];
  return { ok: true, id: newId, changed: [...ended, fresh] };
}

/** Ends it now; an already expired one is left as it is. */
export function expireSilence(known: ReadonlyMap<string, Silence>, id: string, now: UnixMs): SilenceAnswer {
  const old = known.get(id);
  if (!old) return { ok: false, reason: 'notFound', message: `no silence has the id ${id}` };
  return { ok: true, id, changed: silenceState(old, now) === 'expired' ? [] : [expired(old, now)] };
}

const later = (a: UnixMs, b: UnixMs): UnixMs => (a > b ? a : b);

function expired(silence: Silence, now: UnixMs): Silence {
  return { ...silence, startsAt: silence.startsAt > now ? now : silence.startsAt, endsAt: now, updatedAt: now };
}

function mayKeepId(old: Silence, wish: SilenceWish, now: UnixMs): boolean {
  const state = silenceState(old, now);
  if (state === 'expired' || JSON.stringify(old.matchers) !== JSON.stringify(wish.matchers)) return false;
  return state === 'active' ? wish.startsAt <= now && (wish.startsAt === old.startsAt || later(wish.startsAt, old.startsAt) <= now) : wish.startsAt === old.startsAt;
}

function silenceProblem(wish: SilenceWish, now: UnixMs): string | undefined {
  if (wish.matchers.length === 0) return 'a silence needs at least one matcher';
  if (wish.matchers.every((matcher) => matchesAll([matcher], {}))) return 'at least one matcher must not match an absent label';
  if (!wish.createdBy.trim()) return 'a silence needs its author';
  if (!wish.comment.trim()) return 'a silence needs a comment that says why';
  if (wish.endsAt <= wish.startsAt) return 'the end must lie after the start';
  if (wish.endsAt <= now) return 'the end lies in the past';
  return undefined;
}
