import { type DurationMs, durationMs, type UnixMs } from '#lib/time.ts';
import type { Alert, AlertTransition, Finding } from './alert.ts';
import { askedTogether } from './asked-together.ts';
import type { AlertChange, AlertState, Facts } from './ports.ts';
import { reconcile, resolved } from './reconcile.ts';
import type { ProbeFacts, Rule } from './rules/rule.ts';

/** What one rule saw, and what its clocks must know about the time before. */
export interface Seen {
  rule: Rule;
  findings: readonly Finding[];
  downMs: DurationMs;
  blind: boolean;
  /** Why it could not look; null when it could. */
  error: string | null;
}

/** Asks every rule; one that fails says so in a finding, the others go on. */
export async function look(
  rules: readonly Rule[],
  question: { facts: Facts; now: UnixMs; probe(id: string): ProbeFacts | undefined },
  pauses: (rule: Rule) => { downMs: DurationMs; blind: boolean },
): Promise<Seen[]> {
  const facts = askedTogether(question.facts);
  return inTurns(rules, async (rule): Promise<Seen> => {
    try {
      return { rule, findings: await rule.look({ ...question, facts }), error: null, ...pauses(rule) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const finding: Finding = { says: 'error', labels: {}, value: null, samples: 0, why: { 'zh-CN': `规则无法判断：${message}`, en: `the rule could not look: ${message}` } };
      return { rule, findings: [finding], error: message, ...pauses(rule) };
    }
  });
}

/** What those looks mean for the alerts: one change for all of them. */
export function judgeAll(state: AlertState, seen: readonly Seen[], now: UnixMs): Pick<AlertChange, 'alerts' | 'forgotten' | 'transitions'> {
  const byRule = new Map<string, Alert[]>();
  for (const alert of state.alerts.values()) {
    if (alert.rule === null) continue;
    const list = byRule.get(alert.rule);
    if (list) list.push(alert);
    else byRule.set(alert.rule, [alert]);
  }
  const alerts: Alert[] = [];
  const forgotten: string[] = [];
  const transitions: AlertTransition[] = [];
  for (const { rule, findings, downMs, blind } of seen) {
    const result = reconcile(rule.terms, byRule.get(rule.terms.name) ?? [], { findings, now, downMs, blind });
    alerts.push(...result.alerts);
    forgotten.push(...result.dropped);
    transitions.push(...result.transitions);
  }
  return { alerts, forgotten, transitions };
}

/** Alerts whose rule is no longer there end with that reason; posted ones end when they were to be repeated and were not. */
export function endOrphans(state: AlertState, ruleNames: ReadonlySet<string>, now: UnixMs): Pick<AlertChange, 'alerts' | 'forgotten' | 'transitions'> {
  const change: { alerts: Alert[]; forgotten: string[]; transitions: AlertTransition[] } = { alerts: [], forgotten: [], transitions: [] };
  for (const alert of state.alerts.values()) {
    if (alert.state === 'resolved') continue;
    const orphan = alert.rule !== null && !ruleNames.has(alert.rule);
    const over = alert.outside !== null && alert.outside.endsAt <= now;
    if (!orphan && !over) continue;
    const about = { fingerprint: alert.fingerprint, episode: alert.episode, from: alert.state, at: now };
    if (alert.state === 'pending') {
      change.forgotten.push(alert.episode);
      change.transitions.push({ ...about, to: 'inactive', alert });
      continue;
    }
    const ended = resolved(alert, over && alert.outside ? alert.outside.endsAt : now, orphan ? 'ruleRemoved' : alert.outside?.explicitEnd ? 'ended' : 'timeout');
    change.alerts.push(ended);
    change.transitions.push({ ...about, to: 'resolved', alert: ended });
  }
  return change;
}

const atOnce = 8;

async function inTurns<Item, Answer>(items: readonly Item[], work: (item: Item) => Promise<Answer>): Promise<Answer[]> {
  const answers: Answer[] = new Array(items.length);
  let next = 0;
  const lane = async () => {
    for (let at = next++; at < items.length; at = next++) answers[at] = await work(items[at] as Item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane));
  return answers;
}

/** A rule is blind while its window reaches back before the process was up, if there was a pause at all. */
export function pausesFor({
  startedAt,
  pauseMs,
  first,
  now,
}: {
  startedAt: UnixMs;
  pauseMs: DurationMs;
  first: (rule: Rule) => boolean;
  now: UnixMs;
}): (rule: Rule) => { downMs: DurationMs; blind: boolean } {
  return (rule) => ({ downMs: first(rule) ? pauseMs : durationMs(0), blind: pauseMs > 0 && now - rule.windowMs < startedAt });
}
