import type { Bilingual } from './text.ts';

/** A write that can be refused for a reason someone can act on. */
export type Done<Value = unknown> = { ok: true; value: Value } | { ok: false; code: 'not-found' | 'conflict' | 'forbidden' | 'invalid'; message: Bilingual };
