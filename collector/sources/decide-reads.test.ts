import { describe, expect, it, test } from 'vitest';
import { decideReads, type Known, lostOf, type Seen } from './decide-reads.ts';
import { familyOf } from './rotated-names.ts';

const known = (key: string, rest: Partial<Known> = {}): Known => ({ key, path: '/log/a.log', inode: '1:1', offset: 5_000, present: true, ...rest });
const seen = (path: string, rest: Partial<Seen> & { same?: ReadonlySet<string> } = {}): Seen => ({
  path,
  inode: '1:1',
  size: 6_000,
  mtimeMs: 0,
  compressed: false,
  perhapsCopying: false,
  same: new Set(),
  unpacksTo: new Set(),
  ...rest,
});
const decide = (files: Known[], sightings: Seen[]) => decideReads(files, sightings).map(({ seen: { path }, ...rest }) => ({ path, ...rest }));

describe('what becomes of a file', () => {
  test.each([
    { name: 'the same file is read on', files: [known('a')], sightings: [seen('/log/a.log', { same: new Set(['a']) })], readings: [{ path: '/log/a.log', do: 'continue', key: 'a' }] },
    { name: 'a file never seen is read from its beginning', files: [], sightings: [seen('/log/a.log')], readings: [{ path: '/log/a.log', do: 'fresh', why: 'new', instead: undefined }] },
    {
      name: '1. renamed and created anew: the old one goes on, the new one begins, oldest first',
      files: [known('a')],
      sightings: [seen('/log/a.log', { inode: '1:2', mtimeMs: 9 }), seen('/log/a.log.1', { same: new Set(['a']), mtimeMs: 8 })],
      readings: [
        { path: '/log/a.log.1', do: 'continue', key: 'a' },
        { path: '/log/a.log', do: 'fresh', why: 'new', instead: undefined },
      ],
    },
    {
      name: '3. shorter than it was read: truncated',
      files: [known('a')],
      sightings: [seen('/log/a.log', { size: 10 })],
      readings: [{ path: '/log/a.log', do: 'fresh', why: 'truncated', instead: 'a' }],
    },
    {
      name: '3. truncated again and again: it is the last of what it has been that ends',
      files: [known('first', { offset: 90_000, present: false }), known('second')],
      sightings: [seen('/log/a.log', { size: 10 })],
      readings: [{ path: '/log/a.log', do: 'fresh', why: 'truncated', instead: 'second' }],
    },
    {
      name: '4, 5. longer but with another content: replaced',
      files: [known('a')],
      sightings: [seen('/log/a.log', { size: 9_000 })],
      readings: [{ path: '/log/a.log', do: 'fresh', why: 'replaced', instead: 'a' }],
    },
    {
      name: '6. another file with the same first line is another file',
      files: [known('a', { offset: 30 })],
      sightings: [seen('/log/b.csv', { inode: '1:2', same: new Set(['a']) })],
      readings: [{ path: '/log/b.csv', do: 'fresh', why: 'new', instead: undefined }],
    },
    {
      name: '7. copied aside while the original is still there',
      files: [known('a')],
      sightings: [seen('/log/a.log', { same: new Set(['a']) }), seen('/log/a.log.1', { inode: '1:2', same: new Set(['a']), mtimeMs: 1 })],
      readings: [
        { path: '/log/a.log', do: 'continue', key: 'a' },
        { path: '/log/a.log.1', do: 'adopt', key: 'a', copied: true },
      ],
    },
    {
      name: '7. copied aside, and the original truncated since',
      files: [known('a', { present: false }), known('b', { offset: 0 })],
      sightings: [seen('/log/a.log', { size: 10, same: new Set(['b']) }), seen('/log/a.log.1', { inode: '1:2', same: new Set(['a']), mtimeMs: 1 })],
      readings: [
        { path: '/log/a.log', do: 'continue', key: 'b' },
        { path: '/log/a.log.1', do: 'adopt', key: 'a', copied: false },
      ],
    },
    {
      name: 'a copy that is still growing is waited for',
      files: [known('a')],
      sightings: [seen('/log/a.log.1', { inode: '1:2', size: 100, perhapsCopying: true })],
      readings: [{ path: '/log/a.log.1', do: 'wait' }],
    },
    {
      name: '8. what a file was compressed to is left alone while that file is there',
      files: [known('a')],
      sightings: [seen('/log/a.log.1.gz', { inode: '1:2', compressed: true, unpacksTo: new Set(['a']) })],
      readings: [{ path: '/log/a.log.1.gz', do: 'skip' }],
    },
    {
      name: '8. and is waited for while that file may still be read from',
      files: [known('a', { present: false, handle: 'open' })],
      sightings: [seen('/log/a.log.1.gz', { inode: '1:2', compressed: true, unpacksTo: new Set(['a']) })],
      readings: [{ path: '/log/a.log.1.gz', do: 'wait' }],
    },
    {
      name: '8. then it is read from where that file was left',
      files: [known('a', { present: false })],
      sightings: [seen('/log/a.log.1.gz', { inode: '1:2', compressed: true, unpacksTo: new Set(['a']) })],
      readings: [{ path: '/log/a.log.1.gz', do: 'unpack', after: 'a' }],
    },
    {
      name: '8. one never seen plain is read from its beginning, once it no longer grows',
      files: [],
      sightings: [seen('/log/a.log.2.gz', { inode: '1:2', compressed: true }), seen('/log/a.log.1.gz', { inode: '1:3', compressed: true, perhapsCopying: true, mtimeMs: 1 })],
      readings: [
        { path: '/log/a.log.2.gz', do: 'unpack', after: undefined },
        { path: '/log/a.log.1.gz', do: 'wait' },
      ],
    },
    {
      name: 'written anew with the same beginning under the same name',
      files: [known('a', { present: false, offset: 100 })],
      sightings: [seen('/log/a.log', { inode: '1:2', same: new Set(['a']) })],
      readings: [{ path: '/log/a.log', do: 'adopt', key: 'a', copied: false }],
    },
    {
      name: 'of two generations with one inode the content decides',
      files: [known('old', { present: false }), known('new', { offset: 200 })],
      sightings: [seen('/log/a.log', { size: 300, same: new Set(['new']) })],
      readings: [{ path: '/log/a.log', do: 'continue', key: 'new' }],
    },
  ])('$name', ({ files, sightings, readings }) => {
    expect(decide(files, sightings)).toEqual(readings);
  });

  it('one position is taken over by one file only', () => {
    const same = new Set(['a']);
    const readings = decide([known('a', { present: false })], [seen('/log/a.log.1', { inode: '1:2', same }), seen('/other/b.log', { inode: '1:3', same, mtimeMs: 1 })]);
    expect(readings).toEqual([
      { path: '/log/a.log.1', do: 'adopt', key: 'a', copied: false },
      { path: '/other/b.log', do: 'fresh', why: 'new', instead: undefined },
    ]);
  });
});

test.each([
  ['/log/access.log.1', '/log/access.log'],
  ['/log/access.log.12', '/log/access.log'],
  ['/log/access.log-20260517', '/log/access.log'],
  ['/log/access-20260517.log', '/log/access.log'],
  ['/log/server.log.2016-12-19-16', '/log/server.log'],
  ['/log/access.log', '/log/access.log'],
  ['/log/1', '/log/1'],
])('%s is a generation of %s', (path, family) => {
  expect(familyOf(path)).toBe(family);
});

test.each([
  { name: 'a name that is gone', sightings: [], lost: ['a'] },
  { name: 'a name that means another file', sightings: [seen('/log/a.log', { inode: '1:2' })], lost: ['a'] },
  { name: 'not a file that was renamed', sightings: [seen('/log/a.log.1', { same: new Set(['a']) })], lost: [] },
  { name: 'a removed file whose inode the system gave to another one', sightings: [seen('/log/b.log.1', { same: new Set(['b']) })], lost: ['a'] },
  { name: 'not a file that still bears its name, whatever is in it', sightings: [seen('/log/a.log')], lost: [] },
  { name: 'not a file that was renamed before anything was read of it', offset: 0, sightings: [seen('/log/a.log.1')], lost: [] },
])('has lost its place: $name', ({ offset = 5_000, sightings, lost }) => {
  expect(lostOf([known('a', { offset })], sightings).map(({ key }) => key)).toEqual(lost);
});
