import type { Language } from '#lib/text.ts';
import { iso } from '#lib/time.ts';
import { statusLabels } from './component.ts';
import { current, isOpenNotice, type Notice } from './notice.ts';
import { pageStyle } from './page-style.ts';
import {
  dateTime,
  dayWords,
  endedCount,
  markOf,
  nextUpdateText,
  openNotices,
  overallDetail,
  overallSentence,
  overallTone,
  type PublicComponent,
  type PublicFacts,
  pageWords,
  percent,
  stageOf,
  toneOf,
} from './page-words.ts';
import { dayStates, type Uptime } from './uptime.ts';

/** In all: what a phone on a bad line has to load. */
export const pageBudget = 30_000;

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (letter) => entities[letter] ?? letter);

/** The whole public page in one language: no script, one style sheet, and as much history as the budget allows. */
export function renderPage(facts: PublicFacts, language: Language): string {
  const ended = facts.notices.filter((notice) => !isOpenNotice(notice)).slice(0, 12);
  for (let count = ended.length; ; count = Math.floor(count / 2)) {
    const html = page(facts, { language, history: ended.slice(0, count) });
    if (count === 0 || Buffer.byteLength(html) <= pageBudget) return html;
  }
}

function page(facts: PublicFacts, { language, history }: { language: Language; history: readonly Notice[] }): string {
  const word = (key: keyof typeof pageWords) => escapeHtml(pageWords[key][language]);
  const name = escapeHtml(facts.name[language]);
  const other: Language = language === 'zh-CN' ? 'en' : 'zh-CN';
  const open = openNotices(facts);
  const says = overallSentence(facts);
  const switcher = facts.languages.includes(other) ? `<a href="/status/${other}" lang="${other}" hreflang="${other}">${word('other')}</a>` : '';
  return [
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><title>${escapeHtml(says[language])} · ${name}</title>`,
    `<link rel="icon" href="/favicon.svg" type="image/svg+xml"><link rel="alternate" type="application/atom+xml" title="Atom" href="/status/feed.atom"><link rel="alternate" type="application/rss+xml" title="RSS" href="/status/feed.rss"><style>${pageStyle}</style></head><body>`,
    `<header><b>${name}${language === 'zh-CN' ? '' : ' '}${word('title')}</b><nav><a href="#subscribe">${word('subscribe')}</a>${switcher}</nav></header>`,
    `<main><section class="say ${overallTone(facts)}"><h1>${escapeHtml(says[language])}</h1><p>${escapeHtml(overallDetail(facts)[language])}${facts.demo ? ` · ${word('demo')}` : ''}</p></section>`,
    open.length > 0 ? `<h2>${word('notices')}</h2>` : '',
    ...open.map((notice) => noticeBlock(facts, { notice, language })),
    `<h2>${word('components')}</h2>`,
    ...facts.components.map((component) => componentBlock(component, language)),
    `<h2>${word('maintenance')}</h2><p class="none">${word('noMaintenance')}</p>`,
    `<h2>${word('history')}</h2>`,
    history.length > 0
      ? `<details><summary>${escapeHtml(endedCount(history.length)[language])}</summary>${history.map((notice) => noticeBlock(facts, { notice, language })).join('')}</details>`
      : `<p class="none">${word('noHistory')}</p>`,
    `</main><footer id="subscribe"><p>${word('subscribe')}${language === 'zh-CN' ? '：' : ': '}<a href="/status/feed.atom">Atom</a> · <a href="/status/feed.rss">RSS</a> · <a href="/status/maintenance.ics">${word('calendar')}</a> · <a href="/status/api/v2/summary.json">JSON</a></p>`,
    `<p>${word('rendered')} ${dateTime(facts, facts.renderedAt, language)} (${escapeHtml(facts.zone)})${word('kept')}</p><p>${word('counted')}</p></footer></body></html>`,
  ].join('');
}

function noticeBlock(facts: PublicFacts, { notice, language }: { notice: Notice; language: Language }): string {
  const { title, advice } = current(notice);
  const updates = notice.updates.map((update, index) => ({ update, index })).reverse();
  const rows = updates.map(
    ({ update, index }) =>
      `<li><b>${escapeHtml(stageOf(notice, index, language))}</b><time datetime="${iso(update.at)}">${dateTime(facts, update.at, language)}</time><br><span class="t">${escapeHtml(update.body[language])}</span></li>`,
  );
  const next = current(notice).nextUpdateAt;
  // With one open notice the sentence at the top says it already.
  const due = next === null || !isOpenNotice(notice) || openNotices(facts).length < 2 ? '' : `<p class="none">${escapeHtml(nextUpdateText(facts, next)[language])}</p>`;
  return `<article class="n${isOpenNotice(notice) ? '' : ' end'}" id="${escapeHtml(notice.id)}"><h3>${escapeHtml(title[language])}</h3>${due}<div class="do"><b>${escapeHtml(pageWords.advice[language])}</b><span class="t">${escapeHtml(advice[language])}</span></div><ol>${rows.join('')}</ol></article>`;
}

function componentBlock({ name, about, status, uptime }: PublicComponent, language: Language): string {
  const shown = uptime.uptime === null ? escapeHtml(pageWords.noData[language]) : `${percent(uptime.uptime)} · ${escapeHtml(pageWords.coverage[language])} ${percent(uptime.coverage, 1)}`;
  return `<div class="c"><span class="s ${toneOf[status]}">${markOf[status]} ${escapeHtml(statusLabels[status][language])}</span><b>${escapeHtml(name[language])}</b>${about ? `<br><span class="none">${escapeHtml(about[language])}</span>` : ''}${bars(uptime, language)}<small><i>${escapeHtml(pageWords.ago[language])}</i>${shown}<i>${escapeHtml(pageWords.today[language])}</i></small></div>`;
}

/** One path for each state instead of ninety rectangles: a fifth of the bytes, and every phone draws it. */
function bars({ days }: Uptime, language: Language): string {
  const counts = dayStates.flatMap((state) => {
    const count = days.filter((day) => day.state === state).length;
    return count > 0 ? [`${count} ${pageWords.days[language]}${language === 'zh-CN' ? '' : ' '}${dayWords[state][language]}`] : [];
  });
  const paths = dayStates.map((state, kind) => {
    const lines = days.flatMap((day, index) => (day.state === state ? [`M${index * 8 + 3} ${state === 'ok' ? 6 : 0}V26`] : []));
    return lines.length > 0 ? `<path class="b${kind}" d="${lines.join('')}"/>` : '';
  });
  return `<svg viewBox="0 0 718 26" preserveAspectRatio="none" role="img" aria-label="${escapeHtml(counts.join(language === 'zh-CN' ? '，' : ', '))}">${paths.join('')}</svg>`;
}
