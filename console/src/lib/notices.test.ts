import { expect, it } from 'vitest';
import { emptyDraft, faults } from './notices.ts';

it('wants title and text in both languages before a notice is published', () => {
  const draft = emptyDraft();
  expect(faults(draft)).toEqual(['title', 'body']);
  draft.title = { 'zh-CN': '标题', en: 'Title' };
  draft.body = { 'zh-CN': '正文', en: '  ' };
  expect(faults(draft)).toEqual(['body']);
  draft.body = { 'zh-CN': '正文', en: 'Text' };
  expect(faults(draft)).toEqual([]);
});
