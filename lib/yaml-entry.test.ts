import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { diffLines } from './text-diff.ts';
import { changeEntry, entriesOf, entryText, removeEntry } from './yaml-entry.ts';

const file = `# Ours, written by hand.
site: { name: 演示 }   # keep

probes:
  # The front door.
  - id: home # named
    kind: http
    url: "http://127.0.0.1/"
    interval:   10s   # often
    assert:
      - { status: 200 }   # fine
      - json: $.code
        equals: "001"
    labels: {}
    body: |
      one
      two

  - { id: api, kind: tcp, address: "127.0.0.1:1", talk: [ { send: A, expect: B } ] } # short
  - id: last
    kind: dns
    name: example.org
# The end.
sources: []
`;
type Entry = Record<string, unknown>;
const at = (index: number) => ({ section: 'probes', index });
const entry = (index: number, text = file) => entriesOf(text, 'probes')[index] as Entry;
const changed = (index: number, change: (entry: Entry) => Entry, text = file): string => {
  const edited = changeEntry(text, at(index), change(structuredClone(entry(index, text))));
  if (!edited.ok) throw new Error('was refused');
  return edited.text;
};
const marks = { same: ' ', added: '+', removed: '-', gap: '…' };
const diff = (text: string, before = file) => diffLines(before, text, 0).flatMap(({ kind, text: line }) => (kind === 'gap' ? [] : [`${marks[kind]}${line}`]));

describe('an entry changed in place', () => {
  test.each<{ name: string; index: number; change(entry: Entry): Entry; lines: string[] }>([
    { name: 'a value keeps its comment and its spaces', index: 0, change: (e) => ({ ...e, interval: '30s' }), lines: ['-    interval:   10s   # often', '+    interval:   30s   # often'] },
    { name: 'a value keeps its quotes', index: 0, change: (e) => ({ ...e, url: 'http://127.0.0.1/x' }), lines: ['-    url: "http://127.0.0.1/"', '+    url: "http://127.0.0.1/x"'] },
    { name: 'text that looks like a number is quoted', index: 0, change: (e) => ({ ...e, interval: '001' }), lines: ['-    interval:   10s   # often', '+    interval:   "001"   # often'] },
    { name: 'a new key stands at the end', index: 0, change: (e) => ({ ...e, slow_after: '1s' }), lines: ['+    slow_after: 1s'] },
    { name: 'a new list is written in lines', index: 2, change: (e) => ({ ...e, answers: ['a', 'b'] }), lines: ['+    answers:', '+      - a', '+      - b'] },
    { name: 'a key goes with its line', index: 0, change: ({ interval: _, ...e }) => e, lines: ['-    interval:   10s   # often'] },
    {
      name: 'a list goes with its lines',
      index: 0,
      change: ({ assert: _, ...e }) => e,
      lines: ['-    assert:', '-      - { status: 200 }   # fine', '-      - json: $.code', '-        equals: "001"'],
    },
    { name: 'a value within a list', index: 0, change: (e) => ({ ...e, assert: [{ status: 200 }, { json: '$.code', equals: '000' }] }), lines: ['-        equals: "001"', '+        equals: "000"'] },
    { name: 'an item more', index: 0, change: (e) => ({ ...e, assert: [...(e.assert as unknown[]), { contains: 'x' }] }), lines: ['+      - contains: x'] },
    { name: 'an item first', index: 0, change: (e) => ({ ...e, assert: [{ contains: 'x' }, ...(e.assert as unknown[])] }), lines: ['+      - contains: x'] },
    { name: 'an item less', index: 0, change: (e) => ({ ...e, assert: (e.assert as unknown[]).slice(1) }), lines: ['-      - { status: 200 }   # fine'] },
    {
      name: 'an item within brackets keeps its comment',
      index: 0,
      change: (e) => ({ ...e, assert: [{ status: '2xx' }, ...(e.assert as unknown[]).slice(1)] }),
      lines: ['-      - { status: 200 }   # fine', '+      - { status: 2xx }   # fine'],
    },
    { name: 'an empty map filled', index: 0, change: (e) => ({ ...e, labels: { team: 'a' } }), lines: ['-    labels: {}', '+    labels: { team: a }'] },
    { name: 'a text of several lines', index: 0, change: (e) => ({ ...e, body: 'one\n2\n' }), lines: ['-      two', '+      2'] },
    {
      name: 'a short entry stays on its line',
      index: 1,
      change: (e) => ({ ...e, address: '127.0.0.1:2', tls: true }),
      lines: [
        '-  - { id: api, kind: tcp, address: "127.0.0.1:1", talk: [ { send: A, expect: B } ] } # short',
        '+  - { id: api, kind: tcp, address: "127.0.0.1:2", talk: [ { send: A, expect: B } ], tls: true } # short',
      ],
    },
    {
      name: 'a key taken from a short entry',
      index: 1,
      change: ({ talk: _, ...e }) => e,
      lines: ['-  - { id: api, kind: tcp, address: "127.0.0.1:1", talk: [ { send: A, expect: B } ] } # short', '+  - { id: api, kind: tcp, address: 127.0.0.1:1 } # short'],
    },
    { name: 'nothing changed', index: 0, change: (e) => e, lines: [] },
  ])('$name', ({ index, change, lines }) => {
    const text = changed(index, change);
    expect(diff(text)).toEqual(lines);
    expect(entry(index, text)).toEqual(change(entry(index)));
  });

  test.each([
    { name: 'the last line without a line feed', text: 'probes:\n  - id: a\n    kind: dns', change: { id: 'a', kind: 'dns', name: 'x' }, after: 'probes:\n  - id: a\n    kind: dns\n    name: x' },
    { name: 'line ends of Windows', text: 'probes:\r\n  - id: a\r\n    kind: dns\r\n', change: { id: 'a', kind: 'dns', name: 'x' }, after: 'probes:\r\n  - id: a\r\n    kind: dns\r\n    name: x\r\n' },
    { name: 'a list not indented', text: 'probes:\n- id: a\n  kind: dns\n- id: b\n', change: { id: 'a', kind: 'dns', name: 'x' }, after: 'probes:\n- id: a\n  kind: dns\n  name: x\n- id: b\n' },
    { name: 'an empty value', text: 'probes:\n  - id: a\n    name:\n', change: { id: 'a', name: 'x' }, after: 'probes:\n  - id: a\n    name: x\n' },
  ])('$name', ({ text, change, after }) => {
    expect(changeEntry(text, at(0), change)).toEqual({ ok: true, text: after });
  });

  it('refuses what would change another entry too, and what no longer can be read', () => {
    const shared = 'probes:\n  - id: a\n    labels: &l { team: x }\n  - id: b\n    labels: *l\n';
    expect(changeEntry(shared, at(0), { id: 'a', labels: { team: 'y' } })).toEqual({ ok: false });
    expect(changeEntry('probes: [', at(0), { id: 'a' })).toEqual({ ok: false });
    const merged = 'x: &d { interval: 5s }\nprobes:\n  - id: a\n    <<: *d\n';
    expect(changeEntry(merged, at(0), { id: 'a' })).toEqual({ ok: false });
    expect(changeEntry(merged, at(0), { id: 'a', interval: '9s' })).toMatchObject({ ok: true, text: expect.stringContaining('<<: *d\n    interval: 9s\n') });
  });
});

describe('an entry taken out', () => {
  it.each([0, 1, 2])('number %i, and nothing else', (index) => {
    const removed = removeEntry(file, at(index));
    if (!removed.ok) throw new Error('was refused');
    expect(entriesOf(removed.text, 'probes')).toEqual(entriesOf(file, 'probes').filter((_, place) => place !== index));
    expect(diff(removed.text).filter((line) => line.startsWith('+'))).toEqual([]);
    expect(removed.text).toContain('# The end.');
  });

  it('the last one leaves an empty list', () => {
    const removed = removeEntry('# a\nprobes:\n  - id: a # b\nsources: []\n', at(0));
    expect(removed).toMatchObject({ ok: true, text: expect.stringContaining('probes: []') });
  });
});

it('a new entry is a text of its own', () => {
  expect(entryText('probes', { id: 'a', kind: 'dns', assert: [{ json: '$.a', equals: '001' }] }, '# By the console.\n')).toBe(
    '# By the console.\nprobes:\n  - id: a\n    kind: dns\n    assert:\n      - json: $.a\n        equals: "001"\n',
  );
});

describe('whatever the entry holds', () => {
  const scalar = fc.oneof(
    fc.constantFrom('a', '001', 'true', 'x: y', '# no', '- z', '', 'a, b', '{{x}}', "it's", '"q"', 'two\nlines\n', ' pad ', '中文', '*a', '!t'),
    fc.integer({ min: -5, max: 5 }),
    fc.boolean(),
    fc.constant(null),
  );
  const key = fc.constantFrom('url', 'assert', 'labels', 'interval', 'x y', '1', 'true');
  const value = fc.letrec((tie) => ({
    any: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, fc.array(tie('any'), { maxLength: 3 }), fc.dictionary(key, tie('any'), { maxKeys: 3, noNullPrototype: true })),
  })).any;
  const fields = fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true });
  const style = fc.record({ flow: fc.boolean(), indentSeq: fc.boolean(), crlf: fc.boolean(), tail: fc.constantFrom('', '# tail\n', '\n\n', '  - id: after # other\n') });

  it('the change is made, the neighbours stay as they were, and the way back gives the same entry', () => {
    fc.assert(
      fc.property(fields, fields, style, (before, after, { flow, indentSeq, crlf, tail }) => {
        const written = [{ id: 'first' }, { id: 'it', ...before }];
        const list = flow ? `probes: ${stringify(written, { collectionStyle: 'flow', lineWidth: 0 })}` : stringify({ probes: written }, { indentSeq, lineWidth: 0 });
        const text = `# head\nother: &x [1, 2] # c\n${list}${flow || !indentSeq ? tail.replace(/^ {2}-.*\n/, '') : tail}`.replaceAll('\n', crlf ? '\r\n' : '\n');
        const entries = parse(text).probes as Entry[];
        const there = changeEntry(text, at(1), { id: 'it', ...after });
        expect(there.ok).toBe(true);
        if (!there.ok) return;
        expect(parse(there.text).probes).toEqual([entries[0], { id: 'it', ...after }, ...entries.slice(2)]);
        expect(there.text).toContain('# head');
        expect(there.text).toContain('other: &x [');
        const back = changeEntry(there.text, at(1), entries[1] ?? {});
        expect(back.ok && parse(back.text)).toEqual(parse(text));
      }),
      { numRuns: 400 },
    );
  });
});
