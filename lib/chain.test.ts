import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, chainHash, firstBrokenLink, genesisHash, type Link } from './chain.ts';

function chainOf(...says: unknown[]): Link[] {
  const links: Link[] = [];
  for (const [index, say] of says.entries()) {
    const prevHash = links.at(-1)?.hash ?? genesisHash;
    const content = { seq: index + 1, say };
    links.push({ seq: index + 1, prevHash, hash: chainHash(prevHash, content), content });
  }
  return links;
}

describe('a hash chain', () => {
  it('is whole as it was written', () => {
    expect(firstBrokenLink(chainOf('a', { b: [1, null] }, '丙'))).toBeNull();
    expect(firstBrokenLink([])).toBeNull();
  });

  it.each([
    { name: 'a changed record', spoil: (links: Link[]) => links.with(1, { ...links[1]!, content: { seq: 2, say: 'x' } }), broken: 2 },
    { name: 'a removed record', spoil: (links: Link[]) => links.toSpliced(1, 1), broken: 2 },
    { name: 'a removed first record', spoil: (links: Link[]) => links.slice(1), broken: 1 },
    { name: 'a record put in', spoil: (links: Link[]) => links.toSpliced(1, 0, links[0]!), broken: 2 },
    { name: 'records in another order', spoil: (links: Link[]) => [links[0]!, links[2]!, links[1]!], broken: 2 },
    {
      name: 'a changed record with a fresh hash of its own',
      spoil: (links: Link[]) => links.with(0, { ...links[0]!, content: { seq: 1, say: 'x' }, hash: chainHash(genesisHash, { seq: 1, say: 'x' }) }),
      broken: 2,
    },
  ])('shows $name at its place', ({ spoil, broken }) => {
    expect(firstBrokenLink(spoil(chainOf('a', 'b', 'c')))).toBe(broken);
  });

  it('goes on from any known link', () => {
    const [first, ...rest] = chainOf('a', 'b', 'c');
    expect(firstBrokenLink(rest, first)).toBeNull();
  });
});

describe('canonical JSON', () => {
  it('does not depend on the order of keys, nor on a trip through JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(JSON.parse(JSON.stringify(value)))).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(canonicalJson({ b: 1, a: { d: undefined, c: [undefined] } })).toBe('{"a":{"c":[null]},"b":1}');
    expect(canonicalJson({ at: new Date(0) })).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
  });
});
