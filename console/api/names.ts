import { failureKinds, failureLabels } from '#collector/check.ts';
import type { Bilingual } from '#lib/text.ts';
import type { Catalogue } from './ports.ts';
import { same } from './words.ts';

/** What keys found in telemetry are called on the console. */

const loginReasons: Record<string, Bilingual> = {
  captcha: { 'zh-CN': '验证码错误', en: 'wrong captcha' },
  'captcha-expired': { 'zh-CN': '验证码过期', en: 'captcha expired' },
  captcha_expired: { 'zh-CN': '验证码过期', en: 'captcha expired' },
  password: { 'zh-CN': '密码错误', en: 'wrong password' },
  locked: { 'zh-CN': '账号锁定', en: 'account locked' },
  upstream: { 'zh-CN': '上游超时', en: 'upstream timed out' },
  'invalid-user': { 'zh-CN': '账号不存在', en: 'no such account' },
  invalid_user: { 'zh-CN': '账号不存在', en: 'no such account' },
  unknown_user: { 'zh-CN': '账号不存在', en: 'no such account' },
  publickey: { 'zh-CN': '密钥被拒', en: 'key refused' },
  second_factor: { 'zh-CN': '二次验证失败', en: 'second factor failed' },
  none: { 'zh-CN': '未提供凭据', en: 'no credentials' },
  other: { 'zh-CN': '其他原因', en: 'other reason' },
};
export const loginReasonName = (reason: string): Bilingual => loginReasons[reason] ?? same(reason);

const failures = new Map<string, Bilingual>(failureKinds.map((kind) => [kind, failureLabels[kind]]));
export const failureName = (kind: string): Bilingual => failures.get(kind) ?? same(kind);

const lineNames: Record<string, Bilingual> = {
  all: { 'zh-CN': '全部', en: 'all' },
  total: { 'zh-CN': '全部请求', en: 'all requests' },
  errors: { 'zh-CN': '错误', en: 'errors' },
  clientErrors: { 'zh-CN': '4xx', en: '4xx' },
};
export const lineName = (key: string): Bilingual => lineNames[key] ?? same(key);

/** "上周同时（全部）" beside the line it is compared with. */
export const lastWeek = (name: Bilingual): Bilingual => ({ 'zh-CN': `上周同时（${name['zh-CN']}）`, en: `last week (${name.en})` });

/** A probe that watches one component alone is called by that component's name; any other by its id. */
export const probeName =
  (catalogue: Pick<Catalogue, 'components'>) =>
  (id: string): Bilingual =>
    catalogue.components.find((component) => component.probes.length === 1 && component.probes[0] === id)?.name ?? same(id);

/** A sentence that opens with a probe's id opens with its name instead. */
export function withProbeName(text: Bilingual, catalogue: Pick<Catalogue, 'components' | 'probes'>): Bilingual {
  const [first = ''] = text.en.split(' ', 1);
  const name = catalogue.probes.some((probe) => probe.id === first) ? probeName(catalogue)(first) : same(first);
  const renamed = (said: string, called: string): string => (said.startsWith(`${first} `) ? `${called}${said.slice(first.length)}` : said);
  return { 'zh-CN': renamed(text['zh-CN'], name['zh-CN']), en: renamed(text.en, name.en) };
}

/** "值班一线" of "值班一线 <oncall@example.cn>"; null when the address carries no name. */
export const addresseeName = (to: string): string | null => /^\s*"?([^"<]+?)"?\s*<[^>]+>\s*$/.exec(to)?.[1] ?? null;
