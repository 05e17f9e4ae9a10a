import { iso } from '#lib/time.ts';
import { isoOrNull } from './answers.ts';
import type { IncidentEntry, NoticeEntry } from './ports.ts';
import type { IncidentRow, NoticeView } from './views.ts';

export function incidentRow(entry: IncidentEntry): IncidentRow {
  const { alerts: _, openedAt, endedAt, runbook, ...rest } = entry;
  return { ...rest, openedAt: iso(openedAt), endedAt: isoOrNull(endedAt), runbook: runbook ? { ...runbook, dueAt: isoOrNull(runbook.dueAt) } : null };
}

export function noticeView(entry: NoticeEntry): NoticeView {
  const { startedAt, resolvedAt, nextUpdateAt, updates, ...rest } = entry;
  return { ...rest, startedAt: iso(startedAt), resolvedAt: isoOrNull(resolvedAt), nextUpdateAt: isoOrNull(nextUpdateAt), updates: updates.map((update) => ({ ...update, at: iso(update.at) })) };
}
