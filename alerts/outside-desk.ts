import type { Clock } from '#lib/clock.ts';
import type { Labels } from '#lib/labels.ts';
import type { Actor } from '#lib/people.ts';
import type { UnixMs } from '#lib/time.ts';
import type { Alert } from './alert.ts';
import { type DeskParts, explainWorld, writeSilence } from './desk.ts';
import { placements } from './dispatcher.ts';
import { explain } from './explain.ts';
import type { MuteReason } from './mute.ts';
import { type PostedAlert, postAlerts } from './post-alerts.ts';
import { groupLabels } from './route.ts';
import { expireSilence, putSilence, type Silence, type SilenceAnswer, type SilenceWish } from './silence.ts';

/** A firing alert as programs see it. */
export interface SeenAlert {
  alert: Alert;
  receivers: readonly string[];
  silencedBy: readonly string[];
  inhibitedBy: readonly string[];
  mutedBy: readonly string[];
}

/** What programs that speak Alertmanager's API ask and tell; it is the same alert path as for rules. */
export interface OutsideDesk {
  post(ask: { alerts: readonly PostedAlert[]; actor: Actor; now: UnixMs }): Promise<void>;
  alerts(question: { now: UnixMs }): Promise<readonly SeenAlert[]>;
  groups(question: { now: UnixMs }): Promise<readonly { labels: Labels; receiver: string; fingerprints: readonly string[] }[]>;
  silences(question: { now: UnixMs }): Promise<readonly Silence[]>;
  putSilence(ask: { wish: SilenceWish; actor: Actor; now: UnixMs }): Promise<SilenceAnswer>;
  expireSilence(ask: { id: string; actor: Actor; now: UnixMs }): Promise<SilenceAnswer>;
  receivers(): readonly string[];
  configYaml(): string;
  readonly startedAt: UnixMs;
  readonly version: string;
}

export interface OutsideParts extends Pick<DeskParts, 'ledger' | 'plan' | 'rules'> {
  clock: Clock;
  version: string;
  configYaml(): string;
}

export function outsideDesk(parts: OutsideParts): OutsideDesk {
  const { ledger } = parts;
  return {
    async post({ alerts, now }) {
      await ledger.transact((state) => postAlerts(state, alerts, { now, resolveTimeoutMs: parts.plan().resolveTimeoutMs }));
    },
    async alerts({ now }) {
      const world = explainWorld(parts, now);
      return firing(parts).map((alert) => {
        const { mutedBy, receivers } = explain(alert, world, now);
        const ids = (by: MuteReason['by']) => mutedBy.filter((reason) => reason.by === by).map((reason) => reason.id);
        return { alert, receivers, silencedBy: ids('silence'), inhibitedBy: ids('inhibition'), mutedBy: ids('interval') };
      });
    },
    async groups() {
      const byKey = new Map<string, { labels: Labels; receiver: string; fingerprints: string[] }>();
      for (const alert of firing(parts)) {
        for (const { key, route } of placements(alert, parts.plan())) {
          const group = byKey.get(key) ?? { labels: groupLabels(route, alert.labels), receiver: route.receiver, fingerprints: [] };
          group.fingerprints.push(alert.fingerprint);
          byKey.set(key, group);
        }
      }
      return [...byKey.values()];
    },
    silences: async () => [...ledger.state().silences.values()],
    putSilence: ({ wish, actor, now }) => writeSilence(parts, { actor, now, action: 'silence.put' }, (known) => putSilence(known, wish, { now, newId: crypto.randomUUID() })),
    expireSilence: ({ id, actor, now }) => writeSilence(parts, { actor, now, action: 'silence.expire' }, (known) => expireSilence(known, id, now)),
    receivers: () => [...parts.plan().receivers.keys()],
    configYaml: parts.configYaml,
    startedAt: parts.clock.now(),
    version: parts.version,
  };
}

const firing = ({ ledger }: Pick<DeskParts, 'ledger'>): Alert[] => [...ledger.state().alerts.values()].filter((alert) => alert.state === 'firing');
