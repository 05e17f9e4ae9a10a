import { forms } from './en-forms.ts';
import { operations } from './en-operations.ts';
import { pages } from './en-pages.ts';
import { words } from './en-words.ts';
import type { Catalogue } from './zh-CN.ts';

export const en: Catalogue = { ...words, ...operations, ...pages, ...forms };
