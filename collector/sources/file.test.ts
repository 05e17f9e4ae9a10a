import { describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { shape } from './settings.ts';

const parse = (source: Record<string, unknown>) =>
  z.strictObject(shape).safeParse({ sources: [{ id: 'access', kind: 'file', service: 'invoice', paths: ['/var/log/*.log'], format: 'combined', ...source }] });

describe('a file source in the configuration', () => {
  test.each([
    { name: 'as short as it can be', source: {} },
    { name: 'with everything', source: { encoding: 'gb18030', zone: 'Asia/Shanghai', year: 2020, start_at: 'end', idle: '2s' } },
    { name: 'with options of its format', source: { format: { kind: 'combined', success_codes: ['001', 0] } } },
    { name: 'with its lines told how to join', source: { multiline: 'traces', container: 'cri', colours: 'keep', format: 'syslog' } },
    { name: 'of logins', source: { format: 'auth' } },
  ])('$name is ready to start', ({ source }) => {
    expect(parse(source)).toMatchObject({ success: true, data: { sources: [{ id: 'access', kind: 'file', service: 'invoice' }] } });
  });

  test.each([
    { name: 'an unknown kind', source: { kind: 'carrier-pigeon' }, path: ['sources', 0, 'kind'], message: '"carrier-pigeon" is not a known kind' },
    { name: 'an unknown format', source: { format: 'iis' }, path: ['sources', 0, 'format'], message: '"iis" is not a known kind' },
    { name: 'an unknown option of a format', source: { format: { kind: 'auth', colour: 'red' } }, path: ['sources', 0, 'format'], message: 'Unrecognized key: "colour"' },
    { name: 'an unknown encoding', source: { encoding: 'klingon' }, path: ['sources', 0, 'encoding'], message: 'not a known encoding' },
    { name: 'an unknown zone', source: { zone: 'Mars/Olympus' }, path: ['sources', 0, 'zone'], message: 'not a known time zone, for example "Asia/Shanghai"' },
    { name: 'an unknown way to join lines', source: { multiline: 'maybe' }, path: ['sources', 0, 'multiline'], message: /Invalid option/ },
    { name: 'an unknown container', source: { container: 'box' }, path: ['sources', 0, 'container'], message: /Invalid option/ },
    { name: 'no paths', source: { paths: [] }, path: ['sources', 0, 'paths'], message: /Too small/ },
    { name: 'a wait without unit', source: { idle: 5 }, path: ['sources', 0, 'idle'], message: /needs a unit/ },
    { name: 'an unknown key', source: { colour: 'red' }, path: ['sources', 0], message: 'Unrecognized key: "colour"' },
  ])('$name is refused with its place', ({ source, path, message }) => {
    const { error } = parse(source);
    expect(error?.issues).toHaveLength(1);
    expect(error?.issues[0]?.path).toEqual(path);
    expect(error?.issues[0]?.message).toMatch(message);
  });

  it('reports every problem of every source at once', () => {
    const { error } = z.strictObject(shape).safeParse({ sources: [{ id: 'a b', kind: 'file', service: '', paths: [], format: 'iis' }, { kind: 'x' }] });
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual(['sources.0.id', 'sources.0.service', 'sources.0.paths', 'sources.0.format', 'sources.1.kind']);
  });
});
