import type { Clock } from '#lib/clock.ts';
import type { Done } from '#lib/done.ts';
import type { Actor } from '#lib/people.ts';
import type { Secret } from '#lib/secret.ts';
import type { Bilingual } from '#lib/text.ts';
import type { UnixMs } from '#lib/time.ts';
import { acknowledge, currentAlert } from './acknowledge.ts';
import type { Alert } from './alert.ts';
import { configYaml } from './config-yaml.ts';
import { type ExplainWorld, explain } from './explain.ts';
import type { Ledger } from './ledger.ts';
import { readAcknowledgement } from './links.ts';
import { formatMatcher, type Matcher, parseMatchers } from './matcher.ts';
import { type MuteReason, muteWorld } from './mute.ts';
import type { DeliveryState } from './notification.ts';
import type { AlertingPlan } from './plan.ts';
import type { AlertChange, AlertStore } from './ports.ts';
import type { RuleEntry } from './settings.ts';
import { expireSilence, putSilence, type SilenceAnswer, silenceState } from './silence.ts';

export interface DeskParts {
  ledger: Ledger;
  store: AlertStore;
  clock: Clock;
  secretKey: Secret;
  plan(): AlertingPlan;
  rules(): readonly RuleEntry[];
  nextEvaluationAt(): UnixMs | null;
  onAcknowledged(alert: Alert): void;
}

/** An alert with everything a person asks of it. */
export interface AlertEntry {
  alert: Alert;
  mutedBy: readonly MuteReason[];
  deliveries: readonly { channel: string; receiver: string; to: string; at: UnixMs; state: DeliveryState; detail: string | null }[];
  next: { text: Bilingual; at: UnixMs | null } | null;
}

/** What people and programs do with alerts. */
export interface AlertDesk {
  entries(question: { state: 'active' | 'all'; now: UnixMs }): Promise<readonly AlertEntry[]>;
  entry(question: { fingerprint: string; now: UnixMs }): Promise<AlertEntry | null>;
  history(fingerprint: string): Promise<readonly { at: UnixMs; from: string; to: string; value: number | null }[]>;
  acknowledge(ask: { fingerprint: string; note: string; actor: Actor; now: UnixMs }): Promise<Done>;
  silences(question: {
    now: UnixMs;
  }): Promise<readonly { id: string; matchers: readonly string[]; startsAt: UnixMs; endsAt: UnixMs; createdBy: string; comment: string; state: 'pending' | 'active' | 'expired' }[]>;
  silence(ask: { matchers: readonly string[]; startsAt: UnixMs; endsAt: UnixMs; comment: string; actor: Actor; now: UnixMs }): Promise<Done<{ id: string }>>;
  expireSilence(ask: { id: string; actor: Actor; now: UnixMs }): Promise<Done>;
  peekLink(ask: { token: string; now: UnixMs }): Promise<Done<{ alert: Alert; receiver: string }>>;
  acknowledgeByLink(ask: { token: string; now: UnixMs }): Promise<Done<{ alert: Alert; receiver: string }>>;
  rules(): readonly {
    name: string;
    title: Bilingual;
    kind: string;
    measure: string | null;
    above: number | null;
    below: number | null;
    severity: string;
    runbook: string | null;
    probes: readonly string[];
    yaml: string;
  }[];
  nextEvaluationAt(): UnixMs | null;
}

export function alertDesk(parts: DeskParts): AlertDesk {
  const { ledger, store } = parts;
  return {
    async entries({ state, now }) {
      const all = [...ledger.state().alerts.values()];
      const shown = state === 'all' ? newestEpisodes(all) : all.filter((alert) => alert.state !== 'resolved');
      return entriesOf(parts, shown.sort(byUrgency), now);
    },
    async entry({ fingerprint, now }) {
      const alert = currentAlert(ledger.state(), fingerprint);
      return alert ? ((await entriesOf(parts, [alert], now))[0] ?? null) : null;
    },
    history: async (fingerprint) => (await store.history({ fingerprint, limit: 200 })).map(({ at, from, to, alert }) => ({ at, from, to, value: alert.value })),
    acknowledge: (ask) => acknowledgeOne(parts, ask),
    silences: async ({ now }) => [...ledger.state().silences.values()].map((silence) => ({ ...silence, matchers: silence.matchers.map(formatMatcher), state: silenceState(silence, now) })),
    silence: (ask) => silenceByHand(parts, ask),
    async expireSilence({ id, actor, now }) {
      const answer = await writeSilence(parts, { actor, now, action: 'silence.expire' }, (known) => expireSilence(known, id, now));
      return answer.ok ? { ok: true, value: undefined } : { ok: false, code: 'not-found', message: { 'zh-CN': '没有这条静默', en: answer.message } };
    },
    peekLink: async ({ token, now }) => peek(parts, token, now),
    acknowledgeByLink: (ask) => acknowledgeByLink(parts, ask),
    rules: () => parts.rules().map(ruleFacts),
    nextEvaluationAt: parts.nextEvaluationAt,
  };
}

const order: Record<string, number> = { critical: 0, warning: 1, info: 2 };
const stateOrder = { firing: 0, pending: 1, resolved: 2 };

function byUrgency(a: Alert, b: Alert): number {
  return stateOrder[a.state] - stateOrder[b.state] || (order[a.labels.severity ?? ''] ?? 1) - (order[b.labels.severity ?? ''] ?? 1) || b.activeAt - a.activeAt;
}

function newestEpisodes(alerts: readonly Alert[]): Alert[] {
  const newest = new Map<string, Alert>();
  for (const alert of alerts) if ((newest.get(alert.fingerprint)?.activeAt ?? 0) <= alert.activeAt) newest.set(alert.fingerprint, alert);
  return [...newest.values()];
}

/** The world explanations are read from, the same that dispatching decides by. */
export function explainWorld(parts: Pick<DeskParts, 'ledger' | 'plan' | 'rules'>, now: UnixMs): ExplainWorld {
  const state = parts.ledger.state();
  const rules = new Map(parts.rules().map((rule) => [rule.terms.name, rule]));
  return {
    state,
    plan: parts.plan(),
    rule: (name) => rules.get(name),
    mutes: muteWorld({ silences: state.silences.values(), inhibitions: parts.plan().inhibitions, alerts: state.alerts.values() }, now),
  };
}

async function entriesOf(parts: DeskParts, alerts: readonly Alert[], now: UnixMs): Promise<AlertEntry[]> {
  if (alerts.length === 0) return [];
  const world = explainWorld(parts, now);
  const outbox = await parts.store.outbox({ episodes: alerts.map((alert) => alert.episode), limit: 500 });
  const channels = new Map([...parts.plan().receivers.values()].flat().map((integration) => [integration.id, integration.sender]));
  return alerts.map((alert) => {
    const { mutedBy, next } = explain(alert, world, now);
    const mine = outbox.filter((entry) => entry.notification.alerts.some((told) => told.episode === alert.episode)).slice(0, 20);
    const deliveries = mine.map(({ notification, state, detail, settledAt, dueAt }) => {
      const channel = channels.get(notification.integration);
      const at = settledAt ?? (state === 'queued' ? notification.at : dueAt);
      return { channel: channel?.kind ?? notification.integration.split('/').at(-2) ?? '', receiver: notification.receiver, to: channel?.to ?? '', at, state, detail: detail || null };
    });
    return { alert, mutedBy, next, deliveries };
  });
}

async function acknowledgeOne(parts: DeskParts, { fingerprint, note, actor, now }: { fingerprint: string; note: string; actor: Actor; now: UnixMs }): Promise<Done> {
  const before = currentAlert(parts.ledger.state(), fingerprint);
  if (!before) return { ok: false, code: 'not-found', message: { 'zh-CN': '没有这条告警', en: 'there is no such alert' } };
  if (before.state === 'resolved') return { ok: false, code: 'conflict', message: { 'zh-CN': '告警已恢复，无需确认', en: 'the alert has ended; there is nothing to acknowledge' } };
  const through = actor.kind === 'person' ? 'console' : 'api';
  const change = await parts.ledger.transact((state) => {
    const alert = currentAlert(state, fingerprint);
    return alert ? acknowledge([alert], { by: actor.name, through, note, actor }, now) : {};
  });
  announce(parts, change);
  return { ok: true, value: undefined };
}

function announce(parts: DeskParts, change: AlertChange): void {
  for (const alert of change.alerts) if (alert.acknowledgement) parts.onAcknowledged(alert);
}

async function silenceByHand(parts: DeskParts, ask: { matchers: readonly string[]; startsAt: UnixMs; endsAt: UnixMs; comment: string; actor: Actor; now: UnixMs }): Promise<Done<{ id: string }>> {
  const matchers: Matcher[] = [];
  for (const text of ask.matchers) {
    const parsed = parseMatchers(text);
    if (!parsed.ok) return { ok: false, code: 'invalid', message: { 'zh-CN': `匹配条件有误：${parsed.message}`, en: parsed.message } };
    matchers.push(...parsed.matchers);
  }
  const wish = { matchers, startsAt: ask.startsAt, endsAt: ask.endsAt, createdBy: ask.actor.name, comment: ask.comment };
  const answer = await writeSilence(parts, { actor: ask.actor, now: ask.now, action: 'silence.create' }, (known) => putSilence(known, wish, { now: ask.now, newId: crypto.randomUUID() }));
  return answer.ok
    ? { ok: true, value: { id: answer.id } }
    : { ok: false, code: answer.reason === 'notFound' ? 'not-found' : 'invalid', message: { 'zh-CN': `静默未建立：${answer.message}`, en: answer.message } };
}

/** One transaction for the silence and its audit record. */
export async function writeSilence(
  parts: Pick<DeskParts, 'ledger'>,
  about: { actor: Actor; now: UnixMs; action: string },
  decide: (known: Parameters<typeof putSilence>[0]) => SilenceAnswer,
): Promise<SilenceAnswer> {
  let answer: SilenceAnswer = { ok: false, reason: 'invalid', message: 'not decided' };
  await parts.ledger.transact((state) => {
    answer = decide(state.silences);
    if (!answer.ok) return {};
    const { id, changed } = answer;
    return {
      silences: changed,
      audit:
        changed.length === 0
          ? []
          : [
              {
                at: about.now,
                actor: about.actor,
                action: about.action,
                target: `silence/${id}`,
                after: { silences: changed.map((silence) => ({ ...silence, matchers: silence.matchers.map(formatMatcher) })) },
              },
            ],
    };
  });
  return answer;
}

const linkRefusals: Readonly<Record<'malformed' | 'forged' | 'expired', Bilingual>> = {
  malformed: { 'zh-CN': '链接不完整', en: 'the link is not complete' },
  forged: { 'zh-CN': '链接的签名不对', en: 'the signature of the link is wrong' },
  expired: { 'zh-CN': '链接已过期', en: 'the link has expired' },
};

function peek(parts: DeskParts, token: string, now: UnixMs): Done<{ alert: Alert; receiver: string; episodes: readonly string[] }> {
  const read = readAcknowledgement(parts.secretKey, token, now);
  if (!read.ok) return { ok: false, code: 'forbidden', message: linkRefusals[read.reason] };
  const { episodes, by } = read.subject;
  const alerts = episodes.flatMap((episode) => parts.ledger.state().alerts.get(episode) ?? []).sort(byUrgency);
  const [alert] = alerts;
  if (!alert) return { ok: false, code: 'not-found', message: { 'zh-CN': '告警早已结束', en: 'the alert ended long ago' } };
  return { ok: true, value: { alert, receiver: by, episodes } };
}

async function acknowledgeByLink(parts: DeskParts, { token, now }: { token: string; now: UnixMs }): Promise<Done<{ alert: Alert; receiver: string }>> {
  const found = peek(parts, token, now);
  if (!found.ok) return found;
  const { receiver, episodes } = found.value;
  const actor: Actor = { kind: 'integration', id: `link:${receiver}`, name: receiver };
  const change = await parts.ledger.transact((state) =>
    acknowledge(
      episodes.flatMap((episode) => state.alerts.get(episode) ?? []),
      { by: receiver, through: 'link', note: '', actor },
      now,
    ),
  );
  announce(parts, change);
  return peek(parts, token, now);
}

function ruleFacts(rule: RuleEntry) {
  const { terms } = rule;
  return {
    name: terms.name,
    title: terms.title,
    kind: rule.kind,
    measure: rule.kind === 'probe' ? null : rule.measure,
    above: rule.above,
    below: rule.below,
    severity: terms.labels.severity ?? 'warning',
    runbook: terms.annotations.runbook ?? null,
    probes: rule.kind === 'probe' ? rule.interest.probes : [],
    yaml: configYaml(rule.config),
  };
}
