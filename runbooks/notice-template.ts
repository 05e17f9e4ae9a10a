import type { Bilingual } from '#lib/text.ts';
import type { DurationMs, UnixMs } from '#lib/time.ts';

export const noticeStatuses = ['investigating', 'identified', 'monitoring', 'resolved'] as const;
export type NoticeStatus = (typeof noticeStatuses)[number];
export const impacts = ['none', 'minor', 'major', 'critical'] as const;
export type Impact = (typeof impacts)[number];

/** Words for the public, ready to publish. */
export interface NoticeDraft {
  title: Bilingual;
  status: NoticeStatus;
  impact: Impact;
  body: Bilingual;
  /** What users can do now. */
  advice: Bilingual;
  components: string[];
  /** ISO 8601, or null when no further update is promised. */
  nextUpdateAt: string | null;
}

/** A draft as a runbook holds it: the next update is promised a span from publishing. */
export interface NoticeTemplate {
  title: Bilingual;
  status: NoticeStatus;
  impact: Impact;
  body: Bilingual;
  advice: Bilingual;
  components: readonly string[];
  nextUpdateInMs: DurationMs | null;
}

export const draftFrom = ({ nextUpdateInMs, components, ...words }: NoticeTemplate, now: UnixMs): NoticeDraft => ({
  ...words,
  components: [...components],
  nextUpdateAt: nextUpdateInMs === null ? null : new Date(now + nextUpdateInMs).toISOString(),
});
