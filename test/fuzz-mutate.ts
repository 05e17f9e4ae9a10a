/** What becomes of a valid body before it is sent. */
import type { Dice } from './fuzz-dice.ts';

type Change = (body: Buffer, dice: Dice) => Buffer;

const at = (body: Buffer, dice: Dice): number => dice.below(body.length + 1);
const replaced = (body: Buffer, from: number, { to = from, by }: { to?: number; by: Buffer }): Buffer => Buffer.concat([body.subarray(0, from), by, body.subarray(to)]);

const odd = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a, 0x20, 0x22, 0x5b, 0x7b];
const numbers = ['ffffffffffffffffff01', 'ffffffff0f', 'ffffffffffffffffffffff', '80808080808080808000', 'ffffffff', '7fffffff', '00000000'].map((hex) => Buffer.from(hex, 'hex'));

/** Bytes that know nothing of what they are part of. */
const changes: readonly Change[] = [
  (body, dice) => {
    const flipped = Buffer.from(body);
    for (let times = 1 + dice.below(8); times > 0 && flipped.length > 0; times--) {
      const place = dice.below(flipped.length);
      flipped[place] = (flipped[place] ?? 0) ^ (1 << dice.below(8));
    }
    return flipped;
  },
  (body, dice) => replaced(body, at(body, dice), { by: Buffer.from([dice.pick(odd)]) }),
  (body, dice) => body.subarray(0, at(body, dice)),
  (body, dice) => body.subarray(at(body, dice)),
  // A length or a number that lies.
  (body, dice) => {
    const from = at(body, dice);
    return replaced(body, from, { to: Math.min(body.length, from + dice.below(3)), by: dice.pick(numbers) });
  },
  (body, dice) => replaced(body, at(body, dice), { by: dice.bytes(1 + dice.below(64)) }),
  (body, dice) => {
    const from = at(body, dice);
    return replaced(body, at(body, dice), { by: body.subarray(from, from + dice.below(200)) });
  },
  (body, dice) => {
    const from = at(body, dice);
    return replaced(body, from, { to: from + dice.below(50), by: Buffer.alloc(0) });
  },
  (body) => Buffer.concat([body, body]),
  (body, dice) => (body.length > 10_000 ? body : Buffer.concat(Array.from({ length: 1 + dice.below(200) }, () => body))),
  (_body, dice) => dice.bytes(dice.below(2_000)),
  () => Buffer.alloc(0),
  (body) => Buffer.concat([Buffer.from('\ufeff'), body]),
  (body) => Buffer.from(body.toString('latin1'), 'utf16le'),
];

/** Changes of changes must not grow without end. */
const largest = 2_000_000;

export function mutated(body: Buffer, dice: Dice): Buffer {
  let changed = body;
  for (let times = 1 + dice.below(3); times > 0; times--) changed = dice.pick(changes)(changed, dice).subarray(0, largest);
  return changed;
}

const values: readonly unknown[] = [
  ...[null, true, -1, 0, 1e308, -1e-308, 2 ** 53, '', 'NaN', 'Infinity', '-1', '18446744073709551616', '1e5', '\u0000', '\ud800', '烽'.repeat(50), [], {}, [[]], { a: {} }],
  ...[{ __proto__: null, constructor: 1 }, [null], [1, 'a', {}], { stringValue: 1 }, { intValue: 'x' }, { arrayValue: { values: 7 } }, { kvlistValue: [] }, 'x'.repeat(100_000)],
];

/** A tree with one of its values, or keys, replaced. */
export function mutatedTree(tree: unknown, dice: Dice): unknown {
  if (typeof tree !== 'object' || tree === null || dice.once(12)) return dice.once(20) ? deep(dice) : dice.pick(values);
  if (Array.isArray(tree)) {
    if (tree.length === 0 || dice.once(8))
      return dice.pick<() => unknown>([() => [...tree, dice.pick(values)], () => tree.slice(1), () => tree.concat(tree), () => Object.fromEntries(tree.entries())])();
    const place = dice.below(tree.length);
    return tree.map((one: unknown, index) => (index === place ? mutatedTree(one, dice) : one));
  }
  const pairs = Object.entries(tree);
  if (pairs.length === 0) return dice.pick(values);
  const place = dice.below(pairs.length);
  if (dice.once(8)) return Object.fromEntries(dice.once(2) ? pairs.filter((_pair, index) => index !== place) : [...pairs, [`x${dice.below(9)}`, dice.pick(values)]]);
  return Object.fromEntries(pairs.map(([key, value], index) => [key, index === place ? mutatedTree(value, dice) : value]));
}

/** Nested as deep as JSON can be written. */
function deep(dice: Dice): unknown {
  let value: unknown = 'deep';
  for (let levels = 10 ** (1 + dice.below(3)); levels > 0; levels--) value = dice.once(2) ? [value] : { arrayValue: { values: [value] } };
  return value;
}
