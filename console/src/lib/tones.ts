import type { AlertRow, IncidentRow, NoticeView, State, StripCell } from '#console/api/views.ts';

/** Which of the five states a thing is drawn as. */
export function alertTone(alert: Pick<AlertRow, 'state' | 'severity'>): State {
  if (alert.state === 'resolved') return 'ok';
  if (alert.state === 'pending') return 'unknown';
  return alert.severity === 'critical' ? 'down' : alert.severity === 'warning' ? 'slow' : 'maintenance';
}

export const outcomeTone: Readonly<Record<StripCell, State>> = { pass: 'ok', slow: 'slow', fail: 'down', unknown: 'unknown', maintenance: 'maintenance' };

export const levelTone: Readonly<Record<IncidentRow['level'], 'down' | 'slow' | ''>> = { sev1: 'down', sev2: 'down', sev3: 'slow', sev4: '', sev5: '' };

export const noticeTone: Readonly<Record<NoticeView['status'], State>> = { investigating: 'down', identified: 'slow', monitoring: 'slow', resolved: 'ok' };

export const incidentTone: Readonly<Record<IncidentRow['state'], State>> = { declared: 'down', mitigated: 'slow', resolved: 'ok', closed: 'ok' };
