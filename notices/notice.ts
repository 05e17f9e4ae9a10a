import { chainHash } from '#lib/chain.ts';
import type { Actor } from '#lib/people.ts';
import { type Bilingual, languages } from '#lib/text.ts';
import { parseIso, type UnixMs } from '#lib/time.ts';
import { type Impact, impacts, type NoticeDraft, type NoticeStatus, noticeStatuses } from '#runbooks/notice-template.ts';

/** Words once published: never changed; a mistake is mended by another update that says what it corrects. */
export interface NoticeUpdate {
  /** From 1, without gaps. */
  seq: number;
  at: UnixMs;
  by: Actor;
  status: NoticeStatus;
  impact: Impact;
  title: Bilingual;
  body: Bilingual;
  /** What users can do now. */
  advice: Bilingual;
  components: readonly string[];
  nextUpdateAt: UnixMs | null;
  /** The update it corrects. */
  corrects: number | null;
  prevHash: string;
  hash: string;
}

/** What the public is told about one trouble. */
export interface Notice {
  id: string;
  incidentId: string | null;
  startedAt: UnixMs;
  resolvedAt: UnixMs | null;
  updates: readonly NoticeUpdate[];
}

/** What the newest update says. */
export function current(notice: Notice): NoticeUpdate {
  const update = notice.updates.at(-1);
  if (!update) throw new Error(`notice ${notice.id} has no update`);
  return update;
}
export const isOpenNotice = ({ resolvedAt }: Notice): boolean => resolvedAt === null;

export const updateContent = ({ seq, at, by, status, impact, title, body, advice, components, nextUpdateAt, corrects }: Omit<NoticeUpdate, 'prevHash' | 'hash'>) => ({
  seq,
  at,
  by,
  status,
  impact,
  title,
  body,
  advice,
  components,
  nextUpdateAt,
  corrects,
});
export const linkUpdate = (content: Omit<NoticeUpdate, 'prevHash' | 'hash'>, prevHash: string): NoticeUpdate => ({ ...content, prevHash, hash: chainHash(prevHash, updateContent(content)) });

const labels: Readonly<Record<NoticeStatus, Bilingual>> = {
  investigating: { 'zh-CN': '调查中', en: 'Investigating' },
  identified: { 'zh-CN': '已定位', en: 'Identified' },
  monitoring: { 'zh-CN': '观察中', en: 'Watching' },
  resolved: { 'zh-CN': '已恢复', en: 'Resolved' },
};
const fixing: Bilingual = { 'zh-CN': '处置中', en: 'Fixing' };
const correction: Bilingual = { 'zh-CN': '更正', en: 'Correction' };

/** The stage an update stands for: once the cause is known, the next word about it is about mending it. */
export function stageLabel(updates: readonly NoticeUpdate[], index: number): Bilingual {
  const update = updates[index];
  if (!update) return labels.investigating;
  if (update.corrects !== null) return correction;
  return update.status === 'identified' && updates.slice(0, index).some(({ status }) => status === 'identified') ? fixing : labels[update.status];
}

export interface DraftProblem {
  path: string;
  message: Bilingual;
}

/** Everything that keeps the words from being published, at once. */
export function draftProblems(draft: NoticeDraft, { known, before, now }: { known: ReadonlySet<string>; before: Notice | null; now: UnixMs }): DraftProblem[] {
  const problems: DraftProblem[] = [];
  const say = (path: string, zh: string, en: string) => problems.push({ path, message: { 'zh-CN': zh, en } });
  for (const [field, most, zh] of [
    ['title', 120, '标题'],
    ['body', 2_000, '正文'],
    ['advice', 1_000, '现在可以怎么办'],
  ] as const) {
    for (const language of languages) {
      const text = draft[field][language].trim();
      if (text === '') say(`${field}.${language}`, `${zh}（${language}）不能为空`, `the ${field} in ${language} is empty`);
      else if (text.length > most) say(`${field}.${language}`, `${zh}（${language}）最多 ${most} 字`, `the ${field} in ${language} has more than ${most} characters`);
    }
  }
  if (!noticeStatuses.includes(draft.status)) say('status', '没有这个阶段', 'there is no such stage');
  if (!impacts.includes(draft.impact)) say('impact', '没有这个影响程度', 'there is no such impact');
  for (const id of draft.components) if (!known.has(id)) say('components', `没有功能“${id}”`, `there is no component "${id}"`);
  const next = draft.nextUpdateAt === null ? null : parseIso(draft.nextUpdateAt);
  if (next === undefined) say('nextUpdateAt', '下次更新时间看不懂', 'the next update time cannot be read');
  else if (next !== null && draft.status === 'resolved') say('nextUpdateAt', '已恢复的公告不再约定下次更新', 'a resolved notice promises no next update');
  else if (next !== null && next <= now) say('nextUpdateAt', '下次更新时间已经过去', 'the next update time is in the past');
  if (before && !isOpenNotice(before)) say('status', '公告已经结束；新的问题请发新公告，更正请用更正', 'the notice is over: publish a new one, or append a correction');
  return problems;
}

const plain = (text: Bilingual): Bilingual => ({ 'zh-CN': clean(text['zh-CN']), en: clean(text.en) });
/** Control characters have no business in public text, nor in JSON columns or XML. */
const clean = (text: string): string =>
  [...text]
    .filter((letter) => letter === '\n' || (letter >= ' ' && letter !== '\u007f' && letter < '\ufffe') || letter.length === 2)
    .join('')
    .trim();

/** The next update of a notice, or the first one of a new one. */
export function nextUpdate(before: Notice | null, { draft, by, corrects = null }: { draft: NoticeDraft; by: Actor; corrects?: number | null }, at: UnixMs): Omit<NoticeUpdate, 'prevHash' | 'hash'> {
  return {
    seq: (before?.updates.length ?? 0) + 1,
    at,
    by,
    status: draft.status,
    impact: draft.status === 'resolved' ? 'none' : draft.impact,
    title: plain(draft.title),
    body: plain(draft.body),
    advice: plain(draft.advice),
    components: [...new Set(draft.components)],
    nextUpdateAt: draft.nextUpdateAt === null ? null : (parseIso(draft.nextUpdateAt) ?? null),
    corrects,
  };
}

const impactRank = (impact: Impact): number => impacts.indexOf(impact);
/** The worst it ever was: what the history says, also after it is over. */
export const worstImpact = (notice: Notice): Impact => notice.updates.map(({ impact }) => impact).reduce((a, b) => (impactRank(a) >= impactRank(b) ? a : b), 'none');
