import type { Labels } from '#lib/labels.ts';
import { iso } from '#lib/time.ts';
import type { Alert } from '../alert.ts';
import type { Notification } from '../notification.ts';
import type { AlertLinks } from '../ports.ts';

export interface WebhookAlert {
  status: 'firing' | 'resolved';
  labels: Labels;
  annotations: Labels;
  startsAt: string;
  endsAt: string;
  generatorURL: string;
  fingerprint: string;
}

/** Alertmanager's webhook payload, version 4. */
export interface WebhookPayload {
  version: '4';
  groupKey: string;
  truncatedAlerts: number;
  status: 'firing' | 'resolved';
  receiver: string;
  groupLabels: Labels;
  commonLabels: Labels;
  commonAnnotations: Labels;
  externalURL: string;
  alerts: WebhookAlert[];
}

/** Go's zero time: what Alertmanager writes for "not ended". */
const notEnded = '0001-01-01T00:00:00Z';

export function webhookPayload(notification: Notification, links: AlertLinks, maxAlerts: number): WebhookPayload {
  const { alerts } = notification;
  const shown = maxAlerts > 0 ? alerts.slice(0, maxAlerts) : alerts;
  return {
    version: '4',
    groupKey: notification.groupKey,
    truncatedAlerts: alerts.length - shown.length,
    status: notification.status,
    receiver: notification.receiver,
    groupLabels: notification.groupLabels,
    commonLabels: common(alerts.map((alert) => alert.labels)),
    commonAnnotations: common(alerts.map((alert) => alert.annotations)),
    externalURL: links.console('/').replace(/\/$/, ''),
    alerts: shown.map((alert) => webhookAlert(alert, links)),
  };
}

function webhookAlert(alert: Alert, links: AlertLinks): WebhookAlert {
  const over = alert.state === 'resolved';
  return {
    status: over ? 'resolved' : 'firing',
    labels: alert.labels,
    annotations: alert.annotations,
    startsAt: iso(alert.state === 'pending' ? alert.activeAt : alert.firedAt),
    endsAt: over ? iso(alert.resolvedAt) : notEnded,
    generatorURL: alert.outside?.generatorUrl ?? links.console(`/alerts/${alert.fingerprint}`),
    fingerprint: alert.fingerprint,
  };
}

/** What all of them share. */
function common(sets: readonly Labels[]): Labels {
  const [first, ...rest] = sets;
  return Object.fromEntries(Object.entries(first ?? {}).filter(([name, value]) => rest.every((other) => other[name] === value)));
}
