import type { Bilingual, Language } from '#lib/text.ts';
import type { DurationMs } from '#lib/time.ts';
import type { Gate } from './gate.ts';
import type { NoticeTemplate } from './notice-template.ts';

export const roles = ['commander', 'deputy', 'scribe', 'expert', 'customerLiaison', 'internalLiaison'] as const;
export type Role = (typeof roles)[number];
export const roleLabels: Readonly<Record<Role, Bilingual>> = {
  commander: { 'zh-CN': '指挥', en: 'Commander' },
  deputy: { 'zh-CN': '副指挥', en: 'Deputy' },
  scribe: { 'zh-CN': '记录', en: 'Scribe' },
  expert: { 'zh-CN': '处置', en: 'Responder' },
  customerLiaison: { 'zh-CN': '对外发布', en: 'Public liaison' },
  internalLiaison: { 'zh-CN': '联络', en: 'Internal liaison' },
};

export const levels = ['sev1', 'sev2', 'sev3', 'sev4', 'sev5'] as const;
export type Level = (typeof levels)[number];
export const levelLabels: Readonly<Record<Level, Bilingual>> = {
  sev1: { 'zh-CN': '一级', en: 'SEV 1' },
  sev2: { 'zh-CN': '二级', en: 'SEV 2' },
  sev3: { 'zh-CN': '三级', en: 'SEV 3' },
  sev4: { 'zh-CN': '四级', en: 'SEV 4' },
  sev5: { 'zh-CN': '五级', en: 'SEV 5' },
};
/** Unsure means the higher one, so the smaller number wins. */
export const graver = (a: Level, b: Level): Level => (a < b ? a : b);

/** After `softMs` the step is marked late; after `hardMs` it is said aloud in the timeline with `onExpire`. */
export interface StepTimer {
  softMs: DurationMs | null;
  hardMs: DurationMs;
  onExpire: Bilingual | null;
}

export interface Branch {
  id: string;
  label: Bilingual;
  /** Steps of this arm only; every other arm's steps are closed as not taken. */
  steps: readonly string[];
  /** What live data would choose; a person still does the choosing. */
  when: Gate | null;
}

export const actionMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
/** One call to a configured address; `{{name}}` in the address, the headers and the body is replaced by the run's parameters. */
export interface HttpAction {
  kind: 'http';
  label: Bilingual;
  method: (typeof actionMethods)[number];
  url: string;
  headers: Readonly<Record<string, string>>;
  /** JSON; null for none. */
  body: unknown;
  timeoutMs: DurationMs;
}
/** The way back: another call, or words for the hand that does it. */
export type Undo = HttpAction | { kind: 'by_hand'; label: Bilingual };

/** What a kind of step needs before it may close, as plain data, so that a run can keep a copy of it. */
export interface StepPlan {
  gate: Gate | null;
  waitMs: DurationMs | null;
  branches: readonly Branch[];
  action: HttpAction | null;
  undo: Undo | null;
  draft: NoticeTemplate | null;
  /** `person`: someone says it is done. `data`: it closes by itself once time and gate allow. `choice`: by taking a branch. `publication`: by putting words on the public page. */
  closedBy: 'person' | 'data' | 'choice' | 'publication';
}

export interface Step extends StepPlan {
  id: string;
  number: number;
  kind: string;
  title: Bilingual;
  /** Markdown; rendered without raw HTML. */
  body: Bilingual;
  role: Role;
  accountable: Role | null;
  timer: StepTimer | null;
  /** Ids of the panels that stand beside it. */
  panels: readonly string[];
  /** The line of its heading in the file. */
  line: number;
}

export interface Param {
  id: string;
  about: Bilingual | null;
  /** `label:NAME` takes it from the alert that started the run. */
  from: string | null;
  default: string;
}

export interface Runbook {
  id: string;
  title: Bilingual;
  version: string;
  owner: string;
  approver: string | null;
  reviewDue: string | null;
  /** Matchers on alert labels; all must match. */
  appliesWhen: readonly string[];
  notWhen: Bilingual | null;
  level: Level | null;
  params: readonly Param[];
  /** What stands before the first step. */
  intro: Bilingual;
  steps: readonly Step[];
  /** The files it was read from, word for word. */
  sources: readonly { language: Language; file: string; text: string }[];
}

/** Replaces `{{name}}`; an unknown name becomes nothing, so a missing address is empty and never half an address. */
export const fillIn = (text: string, params: Readonly<Record<string, string>>): string => text.replaceAll(/\{\{\s*([A-Za-z][\w.-]*)\s*\}\}/g, (_, name: string) => params[name] ?? '');

export const fillInBilingual = (text: Bilingual, params: Readonly<Record<string, string>>): Bilingual => ({ 'zh-CN': fillIn(text['zh-CN'], params), en: fillIn(text.en, params) });

/** Replaces in every text of a JSON value. */
export function fillInJson(value: unknown, params: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') return fillIn(value, params);
  if (Array.isArray(value)) return value.map((entry) => fillInJson(entry, params));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, fillInJson(entry, params)]));
}
