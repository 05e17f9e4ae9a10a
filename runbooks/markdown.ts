import MarkdownIt from 'markdown-it';
import type { Bilingual } from '#lib/text.ts';

// Raw HTML stays text, and markdown-it refuses javascript: and data: addresses by itself.
const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });
markdown.disable('image');

/** Markdown as HTML that is safe to show beside a session cookie. */
export const renderMarkdown = (text: string): string => markdown.render(text);
export const renderBilingual = (text: Bilingual): Bilingual => {
  const zh = renderMarkdown(text['zh-CN']);
  return { 'zh-CN': zh, en: text.en === text['zh-CN'] ? zh : renderMarkdown(text.en) };
};
