import type { Bilingual, Language } from '#lib/text.ts';
import type { UnixMs } from '#lib/time.ts';
import type { Alert, ResolvedBecause } from './alert.ts';
import type { Notification } from './notification.ts';

/** What a message needs to know of the place it speaks of. */
export interface MessageWorld {
  serviceName(id: string): Bilingual;
  siteName: Bilingual;
  zone: string;
}

const words = {
  firing: { 'zh-CN': '告警', en: 'ALERT' },
  resolved: { 'zh-CN': '恢复', en: 'RESOLVED' },
  more: { 'zh-CN': '等', en: 'and' },
  began: { 'zh-CN': '开始', en: 'Began' },
  ended: { 'zh-CN': '结束', en: 'Ended' },
  severity: { 'zh-CN': '级别', en: 'Severity' },
  labels: { 'zh-CN': '标签', en: 'Labels' },
  still: { 'zh-CN': '仍在告警', en: 'Still firing' },
  over: { 'zh-CN': '已恢复', en: 'Resolved' },
  open: { 'zh-CN': '打开控制台', en: 'Open the console' },
  take: { 'zh-CN': '我来处理（确认）', en: 'I am on it (acknowledge)' },
  runbook: { 'zh-CN': '处置预案', en: 'Runbook' },
  again: { 'zh-CN': '这是重复提醒：问题仍未恢复。', en: 'A reminder: this has not recovered yet.' },
  drill: { 'zh-CN': '演练', en: 'DRILL' },
} as const satisfies Record<string, Bilingual>;
export type MessageWord = keyof typeof words;
export const word = (name: MessageWord, language: Language): string => words[name][language];

const severityWords: Readonly<Record<string, Bilingual>> = {
  critical: { 'zh-CN': '严重', en: 'critical' },
  warning: { 'zh-CN': '警告', en: 'warning' },
  info: { 'zh-CN': '提示', en: 'info' },
};
export const severityWord = (severity: string, language: Language): string => severityWords[severity]?.[language] ?? severity;

export const becauseWords: Readonly<Record<ResolvedBecause, Bilingual>> = {
  clear: { 'zh-CN': '已恢复正常', en: 'back to normal' },
  noData: { 'zh-CN': '不再有数据，按规则视为正常', en: 'no data any more, which the rule treats as good' },
  missingSeries: { 'zh-CN': '该对象已不再上报', en: 'this series is no longer reported' },
  ruleRemoved: { 'zh-CN': '规则已删除', en: 'its rule was removed' },
  ended: { 'zh-CN': '上报方宣布结束', en: 'its sender says it ended' },
  timeout: { 'zh-CN': '上报方不再重发', en: 'its sender stopped repeating it' },
};

/** `发票查询：错误率过高`. */
export function headline(alert: Alert, world: MessageWorld, language: Language): string {
  const service = alert.labels.service;
  const title = alert.title[language];
  if (!service) return title;
  return `${world.serviceName(service)[language]}${language === 'zh-CN' ? '：' : ': '}${title}`;
}

/** `[告警] 发票查询：错误率过高 等 3 条`. */
export function subject(notification: Notification, world: MessageWorld, language: Language): string {
  const { alerts, status } = notification;
  const first = alerts.find((alert) => alert.state === 'firing') ?? alerts[0];
  const what = first ? headline(first, world, language) : world.siteName[language];
  const more = alerts.length > 1 ? (language === 'zh-CN' ? ` 等 ${alerts.length} 条` : ` and ${alerts.length - 1} more`) : '';
  const mode = notification.mode === 'live' ? '' : `[${words.drill[language]}] `;
  return `${mode}[${words[status === 'firing' ? 'firing' : 'resolved'][language]}] ${what}${more}`;
}

/** `2026-07-27 18:05:03 (Asia/Shanghai)`. */
export function localTime(at: UnixMs, zone: string): string {
  const parts = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(at);
  return `${parts} (${zone})`;
}

/** The sentence that says why: what was seen last, and for an ended alert what ended it. */
export function reasonLine(alert: Alert, language: Language): string {
  if (alert.state !== 'resolved') return alert.why[language];
  if (alert.because === 'clear') return alert.why[language] || becauseWords.clear[language];
  return becauseWords[alert.because][language];
}
