import type { Alert } from '#alerts/alert.ts';
import type { CheckFact } from '#alerts/ports.ts';
import type { Bilingual } from '#lib/text.ts';
import type { Impact, NoticeStatus } from '#runbooks/notice-template.ts';
import type { ComponentSettings } from './settings.ts';

/** From best to worst; what the public is told about a component. */
export const componentStatuses = ['operational', 'under_maintenance', 'degraded_performance', 'partial_outage', 'major_outage'] as const;
export type ComponentStatus = (typeof componentStatuses)[number];
export const statusLabels: Readonly<Record<ComponentStatus, Bilingual>> = {
  operational: { 'zh-CN': '正常', en: 'Operational' },
  under_maintenance: { 'zh-CN': '维护中', en: 'Under maintenance' },
  degraded_performance: { 'zh-CN': '变慢', en: 'Degraded' },
  partial_outage: { 'zh-CN': '部分不可用', en: 'Partly unavailable' },
  major_outage: { 'zh-CN': '不可用', en: 'Unavailable' },
};
export const worse = (a: ComponentStatus, b: ComponentStatus): ComponentStatus => (componentStatuses.indexOf(a) >= componentStatuses.indexOf(b) ? a : b);

/** What alerts and checks say the status should be; null when they say nothing. A person sets it, unless policy says otherwise. */
export function suggestStatus(component: Pick<ComponentSettings, 'id' | 'probes'>, { checks, alerts }: { checks: readonly CheckFact[]; alerts: readonly Alert[] }): ComponentStatus | null {
  const seen = fromChecks(checks.filter(({ probeId }) => component.probes.includes(probeId)));
  const told = alerts
    .filter(({ state, labels }) => state === 'firing' && (labels.component === component.id || component.probes.includes(labels.probe ?? '')))
    .map(({ labels }): ComponentStatus => (labels.severity === 'critical' ? 'partial_outage' : 'degraded_performance'));
  const all = [...(seen === null ? [] : [seen]), ...told];
  return all.length === 0 ? null : all.reduce(worse);
}

function fromChecks(checks: readonly CheckFact[]): ComponentStatus | null {
  const newest = new Map<string, CheckFact>();
  for (const check of checks) {
    const key = `${check.probeId}/${check.vantage}`;
    if ((newest.get(key)?.at ?? -1) < check.at) newest.set(key, check);
  }
  const known = [...newest.values()].filter(({ outcome }) => outcome !== 'unknown');
  if (known.length === 0) return null;
  const failing = known.filter(({ outcome }) => outcome === 'fail').length;
  if (failing === known.length) return 'major_outage';
  if (failing > 0) return 'partial_outage';
  return known.filter(({ outcome }) => outcome === 'slow').length * 2 > known.length ? 'degraded_performance' : 'operational';
}

const byImpact: Readonly<Record<Impact, ComponentStatus>> = { none: 'operational', minor: 'degraded_performance', major: 'partial_outage', critical: 'major_outage' };
/** What publishing a notice says about its components. */
export const statusByNotice = ({ status, impact }: { status: NoticeStatus; impact: Impact }): ComponentStatus => (status === 'resolved' ? 'operational' : byImpact[impact]);
