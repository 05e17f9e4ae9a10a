import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/**
 * Reading logs has 54 numbered hard cases, in six groups: rotation and identity (1–12), lines (13–20), several lines (21–22),
 * encodings (23–27), time (28–37), delivery (38–45), logins (46–54). A test of one begins its name with the number.
 */
const folders = ['collector', 'store', 'test'];
const root = new URL('..', import.meta.url).pathname;

const testFiles = folders
  .flatMap((folder) => readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' }).map((file) => `${root}${folder}/${file}`))
  .filter((file) => file.endsWith('.test.ts'));

/** `it('3, 7. …'`, `test.each(…)('14. …'`, `{ name: '28. …'`: the numbers a quoted text begins with. */
const named = /['"`]((?:\d{1,2}, )*\d{1,2})\. /g;

describe('the numbered cases', () => {
  it('have a test each', () => {
    const found = new Set(testFiles.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(named)].flatMap(([, numbers = '']) => numbers.split(', ').map(Number))));
    const missing = Array.from({ length: 54 }, (_, index) => index + 1).filter((number) => !found.has(number));
    expect(missing).toEqual([]);
  });
});
