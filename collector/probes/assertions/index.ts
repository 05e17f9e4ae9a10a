import { code } from './code.ts';
import { fresh } from './fresh.ts';
import { golden } from './golden.ts';
import { jsonEquals } from './json-equals.ts';
import { latency } from './latency.ts';
import { selector } from './selector.ts';
import { size } from './size.ts';

/** Assertions with a file of their own, by the key that tells them apart; one more is one file and one line here. */
export const assertionKinds = { code, fresh, golden, json_equals: jsonEquals, latency, selector, size } as const;
