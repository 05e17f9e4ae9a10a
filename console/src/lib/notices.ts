import type { NoticeDraft, NoticeView } from '#console/api/views.ts';
import type { Bilingual } from '#lib/text.ts';

/** A component as the notices page gets it: what the public reads, and what the alerts suggest. */
export interface PublicComponent {
  id: string;
  name: Bilingual;
  suggested: string;
  status: string;
}

export const componentStatuses = ['operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance'] as const;
export const noticeStatuses = ['investigating', 'identified', 'monitoring', 'resolved'] as const;
export const impacts = ['none', 'minor', 'major', 'critical'] as const;

const nothing: Bilingual = { 'zh-CN': '', en: '' };
export const emptyDraft = (): NoticeDraft => ({ title: { ...nothing }, status: 'investigating', impact: 'minor', body: { ...nothing }, advice: { ...nothing }, components: [], nextUpdateAt: null });

/** The next update of a notice starts from what it said, with its words to be written anew. */
export const nextDraft = (notice: NoticeView): NoticeDraft => ({
  title: { ...notice.title },
  status: notice.status,
  impact: notice.impact,
  body: { ...nothing },
  advice: { ...(notice.updates[0]?.advice ?? nothing) },
  components: [...notice.components],
  nextUpdateAt: null,
});

/** What still keeps a draft from being published; the server judges again. */
export function faults(draft: NoticeDraft): ('title' | 'body')[] {
  return (['title', 'body'] as const).filter((field) => draft[field]['zh-CN'].trim() === '' || draft[field].en.trim() === '');
}
