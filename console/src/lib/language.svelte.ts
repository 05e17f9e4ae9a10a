import { type Bilingual, type Language, languages } from '#lib/text.ts';
import { en } from './i18n/en.ts';
import { type Catalogue, zhCN } from './i18n/zh-CN.ts';

const catalogues: Readonly<Record<Language, Catalogue>> = { 'zh-CN': zhCN, en };
const isLanguage = (text: string | null): text is Language => languages.some((language) => language === text);

/** The language of the page: the address first, then what was chosen before, Chinese otherwise. */
class LanguageChoice {
  code: Language = $state('zh-CN');
  /** The words of the chosen language. */
  readonly t: Catalogue = $derived(catalogues[this.code]);

  start(query: URLSearchParams): void {
    const asked = query.get('lang');
    const kept = localStorage.getItem('language');
    this.choose(isLanguage(asked) ? asked : isLanguage(kept) ? kept : 'zh-CN');
  }

  choose(code: Language): void {
    this.code = code;
    localStorage.setItem('language', code);
    document.documentElement.lang = code;
  }

  /** A text that came in both languages. */
  say(text: Bilingual): string {
    return text[this.code];
  }
}
export const language = new LanguageChoice();
