/** The languages every text a person reads exists in, Chinese first. */
export const languages = ['zh-CN', 'en'] as const;
export type Language = (typeof languages)[number];
/** A text in both languages. */
export type Bilingual = Readonly<Record<Language, string>>;
