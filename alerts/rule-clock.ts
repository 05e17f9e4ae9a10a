import { after, type DurationMs, type UnixMs, unixMs } from '#lib/time.ts';
import type { Rule } from './rules/rule.ts';

/** When each rule was evaluated and is to be evaluated next. */
export interface RuleClock {
  due(rules: readonly Rule[], now: UnixMs): Rule[];
  /** Never looked at since this process took over. */
  isFirst(rule: Rule): boolean;
  evaluated(rule: Rule, now: UnixMs): void;
  /** Brings a rule forward, but not nearer than `gapMs` to its last evaluation; answers when it will be. */
  hasten(rule: Rule, gapMs: DurationMs, now: UnixMs): UnixMs;
  earliest(rules: readonly Rule[], now: UnixMs): UnixMs | null;
}

export function ruleClock(): RuleClock {
  const nextAt = new Map<string, UnixMs>();
  const lastAt = new Map<string, UnixMs>();
  const next = (rule: Rule, now: UnixMs): UnixMs => nextAt.get(rule.terms.name) ?? now;
  return {
    due: (rules, now) => rules.filter((rule) => next(rule, now) <= now),
    isFirst: (rule) => !lastAt.has(rule.terms.name),
    evaluated(rule, now) {
      const { name, intervalMs } = rule.terms;
      // Drift-free; a tick that was missed, or a rule that was hastened, keeps its interval from now on.
      const planned = after(next(rule, now), intervalMs);
      nextAt.set(name, planned > now ? planned : after(now, intervalMs));
      lastAt.set(name, now);
    },
    hasten(rule, gapMs, now) {
      const last = lastAt.get(rule.terms.name);
      const soonest = unixMs(Math.max(now, last === undefined ? now : after(last, gapMs)));
      const when = unixMs(Math.min(nextAt.get(rule.terms.name) ?? soonest, soonest));
      nextAt.set(rule.terms.name, when);
      return when;
    },
    earliest: (rules, now) => (rules.length === 0 ? null : unixMs(Math.min(...rules.map((rule) => next(rule, now))))),
  };
}
