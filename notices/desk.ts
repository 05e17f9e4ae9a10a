import { randomUUID } from 'node:crypto';
import type { Done } from '#lib/done.ts';
import type { Actor } from '#lib/people.ts';
import type { UnixMs } from '#lib/time.ts';
import type { NoticeDraft } from '#runbooks/notice-template.ts';
import { type ComponentStatus, componentStatuses, statusByNotice } from './component.ts';
import { current, draftProblems, isOpenNotice, type Notice, nextUpdate, worstImpact } from './notice.ts';
import { type NoticeCommit, type NoticeStore, StaleNotice } from './ports.ts';

interface By {
  actor: Actor;
  now: UnixMs;
}
export interface DeskParts {
  store: NoticeStore;
  /** Ids of the components that exist. */
  known(): ReadonlySet<string>;
  /** Told after each change, before the answer goes out: the public page is new by then. */
  changed(what: { noticeId?: string; component?: string }): Promise<void>;
}
type Refusal = Extract<Done, { ok: false }>;
const refused = (code: Refusal['code'], zh: string, en: string): Refusal => ({ ok: false, code, message: { 'zh-CN': zh, en } });

/** What people do with notices and components; every write names who and when. */
export function noticeDesk(parts: DeskParts) {
  const { store } = parts;
  return {
    async list() {
      return (await store.notices({ limit: 100 })).map(entryOf);
    },
    /** A new notice, already public. */
    publish: ({ draft, incidentId, actor, now }: By & { draft: NoticeDraft; incidentId: string | null }): Promise<Done<{ id: string }>> =>
      put(parts, { draft, incidentId, before: null, key: null, corrects: null }, { actor, now }),
    /** The next word of a notice that is open. */
    update: ({ id, draft, actor, now }: By & { id: string; draft: NoticeDraft }) => again(parts, { id, draft, corrects: null }, { actor, now }),
    /** Mends an earlier update, also after the notice is over; the earlier words stay where they are. */
    correct: ({ id, draft, corrects, actor, now }: By & { id: string; draft: NoticeDraft; corrects: number }) => again(parts, { id, draft, corrects }, { actor, now }),
    async setStatus({ component, status, actor, now }: By & { component: string; status: ComponentStatus }): Promise<Done> {
      if (!parts.known().has(component)) return refused('not-found', `没有功能“${component}”`, `there is no component "${component}"`);
      if (!componentStatuses.includes(status)) return refused('invalid', '没有这个状态', 'there is no such status');
      await store.setStatus({ component, status, actor, at: now });
      await parts.changed({ component });
      return { ok: true, value: {} };
    },
    /** For a runbook's publish step: continues the incident's open notice or begins one; the same key publishes once. */
    async publishForIncident({ draft, incidentId, key, actor, now }: By & { draft: NoticeDraft; incidentId: string; key: string }) {
      const earlier = await store.published(key);
      if (earlier) return { ok: true as const, noticeId: earlier };
      const known = parts.known();
      const usable = { ...draft, components: draft.components.filter((id) => known.has(id)) };
      const before = await store.openOfIncident(incidentId);
      const answer = await put(parts, { draft: usable, incidentId, before, key, corrects: null }, { actor, now });
      return answer.ok ? { ok: true as const, noticeId: answer.value.id } : answer;
    },
  };
}

async function again(parts: DeskParts, { id, draft, corrects }: { id: string; draft: NoticeDraft; corrects: number | null }, by: By): Promise<Done<{ id: string }>> {
  const before = await parts.store.notice(id);
  if (!before) return refused('not-found', '没有这条公告', 'there is no such notice');
  if (corrects !== null && !before.updates.some(({ seq }) => seq === corrects)) return refused('not-found', '没有要更正的那一条', 'there is no such update to correct');
  return put(parts, { draft, incidentId: before.incidentId, before, key: null, corrects }, by);
}

interface Wish {
  draft: NoticeDraft;
  incidentId: string | null;
  before: Notice | null;
  key: string | null;
  corrects: number | null;
}

async function put({ store, known, changed }: DeskParts, { draft, incidentId, before, key, corrects }: Wish, { actor, now }: By): Promise<Done<{ id: string }>> {
  const problems = draftProblems(draft, { known: known(), before: corrects === null ? before : null, now });
  if (problems.length > 0)
    return { ok: false, code: 'invalid', message: { 'zh-CN': problems.map(({ message }) => message['zh-CN']).join('；'), en: problems.map(({ message }) => message.en).join('; ') } };
  const update = nextUpdate(before, { draft, by: actor, corrects }, now);
  // Correcting the words of a notice that is over neither opens it again nor moves its end.
  const over = before?.resolvedAt ?? null;
  const notice = { id: before?.id ?? randomUUID(), incidentId, startedAt: before?.startedAt ?? now, resolvedAt: over ?? (draft.status === 'resolved' ? now : null) };
  const statuses = over === null ? [...released(before, update.components), ...update.components.map((component) => ({ component, status: statusByNotice(update) }))] : [];
  const change: NoticeCommit = { notice, isNew: before === null, update, key, statuses, actor, at: now };
  try {
    const kept = await store.commit(change);
    await changed({ noticeId: kept.id });
    return { ok: true, value: { id: kept.id } };
  } catch (error) {
    if (!(error instanceof StaleNotice)) throw error;
    return refused('conflict', '别人刚刚更新了这条公告，请看过再发', 'someone else has just updated this notice: read it, then publish');
  }
}

/** Components the notice spoke of before and no longer does work again. */
const released = (before: Notice | null, components: readonly string[]): { component: string; status: ComponentStatus }[] =>
  before === null
    ? []
    : current(before)
        .components.filter((component) => !components.includes(component))
        .map((component) => ({ component, status: 'operational' }));

/** One notice as the console shows it. */
export function entryOf(notice: Notice) {
  const latest = current(notice);
  return {
    id: notice.id,
    incidentId: notice.incidentId,
    title: latest.title,
    status: latest.status,
    impact: isOpenNotice(notice) ? latest.impact : worstImpact(notice),
    components: [...latest.components],
    startedAt: notice.startedAt,
    resolvedAt: notice.resolvedAt,
    nextUpdateAt: latest.nextUpdateAt,
    updates: notice.updates.map(({ seq, at, by, status, body, advice, corrects }) => ({ seq, at, by: by.name, status, body, advice, corrects })),
  };
}
