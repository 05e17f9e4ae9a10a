import type { Bilingual, Language } from '#lib/text.ts';
import type { UnixMs } from '#lib/time.ts';
import { type ComponentStatus, componentStatuses, worse } from './component.ts';
import { current, isOpenNotice, type Notice, stageLabel } from './notice.ts';
import type { Uptime } from './uptime.ts';

export interface PublicComponent {
  id: string;
  name: Bilingual;
  about: Bilingual | null;
  status: ComponentStatus;
  updatedAt: UnixMs;
  uptime: Uptime;
}
/** Everything the public gets to see, at one instant. */
export interface PublicFacts {
  name: Bilingual;
  zone: string;
  languages: readonly Language[];
  /** Where the page is reached from outside, without a slash at the end. */
  url: string;
  demo: boolean;
  components: readonly PublicComponent[];
  /** Newest first. */
  notices: readonly Notice[];
  renderedAt: UnixMs;
}

export const toneOf: Readonly<Record<ComponentStatus, 'ok' | 'slow' | 'down' | 'mt'>> = {
  operational: 'ok',
  under_maintenance: 'mt',
  degraded_performance: 'slow',
  partial_outage: 'down',
  major_outage: 'down',
};
export const markOf: Readonly<Record<ComponentStatus, string>> = { operational: '●', under_maintenance: '◧', degraded_performance: '◐', partial_outage: '■', major_outage: '■' };

export const openNotices = ({ notices }: PublicFacts): Notice[] => notices.filter(isOpenNotice);
export const overallStatus = ({ components }: PublicFacts): ComponentStatus => components.map(({ status }) => status).reduce(worse, componentStatuses[0]);

/** The sentence the page opens with. */
export function overallSentence(facts: PublicFacts): Bilingual {
  const troubled = facts.components.filter(({ status }) => status !== 'operational');
  const [open] = openNotices(facts);
  if (facts.components.length === 0 && !open) return { 'zh-CN': '还没有列出要公布的功能', en: 'No function is listed here yet' };
  if (troubled.length === 0) return open ? current(open).title : { 'zh-CN': '各项功能正常', en: 'Everything is working' };
  const names = (language: Language) =>
    troubled
      .slice(0, 3)
      .map(({ name }) => name[language])
      .join(language === 'zh-CN' ? '、' : ', ');
  const more = troubled.length > 3;
  const rest = troubled.length < facts.components.length;
  const what = (
    {
      operational: words('正常', 'working'),
      under_maintenance: words('正在维护', 'under maintenance'),
      degraded_performance: words('变慢', 'slower than usual'),
      partial_outage: words('出现问题', 'having problems'),
      major_outage: words('暂时不能使用', 'unavailable for now'),
    } as const
  )[overallStatus(facts)];
  return {
    'zh-CN': `${names('zh-CN')}${more ? '等' : ''}${what['zh-CN']}${rest ? '，其他功能正常' : ''}`,
    en: `${names('en')}${more ? ' and more' : ''}: ${what.en}${rest ? '; everything else is working' : ''}`,
  };
}

const words = (zh: string, en: string): Bilingual => ({ 'zh-CN': zh, en });
const stageSentence: Readonly<Record<string, Bilingual>> = {
  investigating: words('我们正在排查。', 'We are investigating.'),
  identified: words('我们已经找到问题所在，正在处理。', 'We know where the problem is and are working on it.'),
  monitoring: words('已经处理，正在观察是否稳定。', 'It has been dealt with and we are watching that it stays so.'),
};

/** What is being done about it, and when the next word comes. */
export function overallDetail(facts: PublicFacts): Bilingual {
  const [open] = openNotices(facts);
  if (!open) return words('过去 90 天的检测记录见下。', 'The checks of the last 90 days are shown below.');
  const { status, nextUpdateAt } = current(open);
  const said = stageSentence[status] ?? words('', '');
  if (nextUpdateAt === null) return said;
  const next = nextUpdateText(facts, nextUpdateAt);
  return words(`${said['zh-CN']}${next['zh-CN']}`, `${said.en} ${next.en}`);
}

export const nextUpdateText = (facts: PublicFacts, at: UnixMs): Bilingual => words(`下次更新不晚于 ${clockTime(facts, at)}。`, `Next update by ${clockTime(facts, at)}.`);
export const endedCount = (count: number): Bilingual => words(`最近 ${count} 条已结束的公告`, count === 1 ? 'One notice that has ended' : `The last ${count} notices that have ended`);

/** Red is for the day when nothing works: one function in trouble is amber as long as others work. */
export function overallTone(facts: PublicFacts): 'ok' | 'slow' | 'down' | 'mt' | 'un' {
  // Nothing listed is not good news.
  if (facts.components.length === 0 && openNotices(facts).length === 0) return 'un';
  const status = overallStatus(facts);
  if (status === 'operational') return openNotices(facts).length > 0 ? 'slow' : 'ok';
  if (status === 'under_maintenance') return 'mt';
  return status === 'major_outage' || facts.components.every((component) => toneOf[component.status] === 'down') ? 'down' : 'slow';
}

const formats = new Map<string, Intl.DateTimeFormat>();
function format(key: string, language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const made = formats.get(key) ?? new Intl.DateTimeFormat(language, options);
  formats.set(key, made);
  return made;
}

/** `10:58`, in the site's zone. */
export const clockTime = ({ zone }: Pick<PublicFacts, 'zone'>, at: UnixMs): string => format(`t/${zone}`, 'en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);

/** `11月24日 10:58`: the page may be read long after it was rendered, so it never says "today". */
export function dateTime({ zone }: Pick<PublicFacts, 'zone'>, at: UnixMs, language: Language): string {
  const date = format(`d/${zone}/${language}`, language === 'zh-CN' ? 'zh-CN' : 'en-GB', { timeZone: zone, month: language === 'zh-CN' ? 'long' : 'short', day: 'numeric' }).format(at);
  return `${date} ${clockTime({ zone }, at)}`;
}

/** Rounded down: 100% is said only of what never failed. */
export const percent = (share: number, digits = 2): string => `${(Math.floor(Math.min(1, share) * 100 * 10 ** digits) / 10 ** digits).toFixed(digits)}%`;
export const stageOf = (notice: Notice, index: number, language: Language): string => stageLabel(notice.updates, index)[language];

export const pageWords = {
  title: words('服务状态', 'service status'),
  demo: words('演示数据', 'Demo data'),
  other: words('English', '中文'),
  subscribe: words('订阅更新', 'Subscribe'),
  advice: words('现在可以怎么办：', 'What you can do now: '),
  notices: words('正在处理', 'Open notices'),
  components: words('各项功能', 'Functions'),
  maintenance: words('计划维护', 'Planned maintenance'),
  noMaintenance: words('目前没有计划维护。', 'No maintenance is planned.'),
  calendar: words('加入日历', 'Add to calendar'),
  history: words('以往公告', 'Past notices'),
  noHistory: words('最近没有已结束的公告。', 'No notice has ended lately.'),
  ago: words('90 天前', '90 days ago'),
  today: words('今天', 'Today'),
  coverage: words('检测覆盖', 'checked'),
  noData: words('还没有检测数据', 'no checks yet'),
  rendered: words('页面生成于', 'Rendered at'),
  kept: words('，即使后台不可用也会保留最后一次公布的内容。', '; what was last published stays readable even when everything behind it is down.'),
  counted: words('可用率按 90 天内实际检测计算；灰色为没有检测数据的时段，不计入可用率。', 'Uptime counts the checks really made in 90 days; grey is time without checks and is left out of it.'),
  days: words('天', 'days'),
} as const satisfies Record<string, Bilingual>;

export const dayWords = {
  ok: words('正常', 'good'),
  slow: words('变慢或短时失败', 'slow or short failures'),
  down: words('有中断', 'with an outage'),
  unknown: words('没有数据', 'without data'),
} as const;
