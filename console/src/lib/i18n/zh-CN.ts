import { forms } from './zh-CN-forms.ts';
import { operations } from './zh-CN-operations.ts';
import { pages } from './zh-CN-pages.ts';
import { words } from './zh-CN-words.ts';

/** Every word of the console in Chinese. Its shape is the type of the English one, so a missing text does not compile. */
export const zhCN = { ...words, ...operations, ...pages, ...forms };

type Widened<T> = T extends string ? string : T extends (...values: infer Values) => string ? (...values: Values) => string : { [Key in keyof T]: Widened<T[Key]> };
export type Catalogue = Widened<typeof zhCN>;
export type Words = Widened<typeof words>;
export type Operations = Widened<typeof operations>;
export type Pages = Widened<typeof pages>;
export type Forms = Widened<typeof forms>;
