import type { Language } from '#lib/text.ts';
import { iso, type UnixMs, unixMs } from '#lib/time.ts';
import { current, type Notice } from './notice.ts';
import { escapeHtml } from './page.ts';
import { type PublicFacts, pageWords, stageOf } from './page-words.ts';

const newest = ({ notices, renderedAt }: PublicFacts): UnixMs => (notices.length === 0 ? renderedAt : unixMs(Math.max(...notices.map((notice) => current(notice).at))));
/** XML 1.0 has no way to write these. */
const xml = (text: string): string => escapeHtml([...text].filter((letter) => letter >= ' ' || letter === '\n' || letter === '\t').join(''));
const link = ({ url }: PublicFacts, language: Language, notice?: Notice): string => `${url}/status/${language}${notice ? `#${encodeURIComponent(notice.id)}` : ''}`;
const titleOf = (facts: PublicFacts, language: Language): string => `${facts.name[language]} ${pageWords.title[language]}${facts.demo ? `（${pageWords.demo[language]}）` : ''}`;

/** Newest word first, as a person would tell the whole story. */
const story = (notice: Notice, language: Language): string =>
  notice.updates
    .map((update, index) => `${stageOf(notice, index, language)}: ${update.body[language]}`)
    .reverse()
    .concat(`${pageWords.advice[language]}${current(notice).advice[language]}`)
    .join('\n\n');

const heading = (notice: Notice, language: Language): string => `[${stageOf(notice, notice.updates.length - 1, language)}] ${current(notice).title[language]}`;

/** Atom 1.0; an entry keeps its id for good and changes its `updated` with each update. */
export function renderAtom(facts: PublicFacts, language: Language): string {
  const entries = facts.notices
    .slice(0, 50)
    .map(
      (notice) =>
        `<entry><id>urn:uuid:${xml(notice.id)}</id><title>${xml(heading(notice, language))}</title><link href="${xml(link(facts, language, notice))}"/><published>${iso(notice.startedAt)}</published><updated>${iso(current(notice).at)}</updated><content type="text">${xml(story(notice, language))}</content></entry>`,
    );
  return `<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="${language}"><id>${xml(facts.url)}/status/feed.atom</id><title>${xml(titleOf(facts, language))}</title><author><name>${xml(facts.name[language])}</name></author><link rel="self" type="application/atom+xml" href="${xml(facts.url)}/status/feed.atom"/><link rel="alternate" type="text/html" href="${xml(link(facts, language))}"/><updated>${iso(newest(facts))}</updated>${entries.join('')}</feed>\n`;
}

/** RSS 2.0. */
export function renderRss(facts: PublicFacts, language: Language): string {
  const date = (at: UnixMs) => new Date(at).toUTCString();
  const items = facts.notices
    .slice(0, 50)
    .map(
      (notice) =>
        `<item><guid isPermaLink="false">urn:uuid:${xml(notice.id)}</guid><title>${xml(heading(notice, language))}</title><link>${xml(link(facts, language, notice))}</link><pubDate>${date(current(notice).at)}</pubDate><description>${xml(story(notice, language))}</description></item>`,
    );
  return `<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>${xml(titleOf(facts, language))}</title><link>${xml(link(facts, language))}</link><description>${xml(titleOf(facts, language))}</description><language>${language.toLowerCase()}</language><lastBuildDate>${date(newest(facts))}</lastBuildDate><atom:link rel="self" type="application/rss+xml" href="${xml(facts.url)}/status/feed.rss"/>${items.join('')}</channel></rss>\n`;
}

/** Planned maintenance as a calendar; valid also while nothing is planned. */
export function renderCalendar(facts: PublicFacts, language: Language): string {
  const name = titleOf(facts, language)
    .replaceAll(/[\\;,]/g, (letter) => `\\${letter}`)
    .split('')
    .map((letter) => (letter < ' ' ? ' ' : letter))
    .join('');
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Fenghuo//Status//EN', 'CALSCALE:GREGORIAN', 'METHOD:PUBLISH', ...folded(`X-WR-CALNAME:${name}`), 'END:VCALENDAR', ''].join('\r\n');
}

/** Lines of at most 75 bytes, never cut inside a character. */
function folded(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const letter of text) {
    if (Buffer.byteLength(line + letter) > 74) {
      lines.push(line);
      line = ' ';
    }
    line += letter;
  }
  return [...lines, line];
}
