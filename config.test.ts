import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, parseConfig } from './config.ts';

describe('a configuration with many faults', () => {
  const loaded = loadConfig('test/fixtures/config/ten-faults.yaml', {});
  const problems = loaded.ok ? [] : loaded.problems;
  const where = problems.map(({ line, path }) => `${line} ${path}`);

  it.each([
    ['an unknown zone', '1 site.zone'],
    ['a component of a service that is not there', '4 components[0].service'],
    ['a duration without a unit', '7 probes[0].timeout'],
    ['an id used twice', '8 probes[1].id'],
    ['a kind that does not exist', '9 probes[2].kind'],
    ['an unknown key', '10 probes[3].intervall'],
    ['a vantage that is not there', '10 probes[3].vantages[0]'],
    ['a format that does not exist', '12 sources[0].format'],
    ['a word where a number is wanted', '14 rules[0].above'],
    ['a receiver that is not there', '16 alerting.route.receiver'],
    ['a name the environment does not have', '18 smtp.url'],
  ])('reports %s with its line and path', (_what, expected) => {
    expect(where).toContain(expected);
  });

  it('says what is wrong and how to mend it, each once', () => {
    expect(new Set(problems.map((problem) => JSON.stringify(problem))).size).toBe(problems.length);
    expect(problems.filter(({ message, hint }) => message === '' || hint === '')).toEqual([]);
    expect(problems.find(({ path }) => path === 'probes[0].timeout')?.message).toBe('"30" needs a unit, for example "30s"');
  });
});

describe('files beside fenghuo.yaml', () => {
  it('joins the lists of conf.d and names the file a fault is in', () => {
    const root = mkdtempSync(join(tmpdir(), 'fenghuo-config-'));
    mkdirSync(join(root, 'conf.d'));
    writeFileSync(join(root, 'fenghuo.yaml'), 'services: [ { id: a, name: A } ]\n');
    writeFileSync(join(root, 'conf.d', 'b.yaml'), '\nservices:\n  - { id: b, name: B }\n  - { id: a, name: again }\n');
    const loaded = loadConfig(join(root, 'fenghuo.yaml'), {});
    expect(loaded.ok ? [] : loaded.problems).toMatchObject([{ file: 'conf.d/b.yaml', line: 4, path: 'services[2].id' }]);
  });

  it('says so when the file cannot be read', () => {
    expect(loadConfig('/nonexistent/fenghuo.yaml', {})).toMatchObject({ ok: false, problems: [{ message: 'cannot be read: ENOENT' }] });
  });
});

describe('the proxies of the whole site', () => {
  const config = (text: string) => parseConfig([{ file: 'fenghuo.yaml', text: `services: [{ id: s, name: s }]\n${text}` }], { environment: {}, root: '/' });
  const sources = `sources:
  - { id: access, kind: file, service: s, paths: [/x], format: combined }
  - { id: net, kind: syslog, service: s, protocol: udp, listen: "127.0.0.1:5514", format: combined }
  - { id: own, kind: http, service: s, format: combined, trusted_proxies: [192.0.2.1] }
  - { id: host, kind: journal, service: s }
`;
  const proxiesOf = (read: ReturnType<typeof config>) => (read.ok ? read.config.sources.map(({ reads }) => reads?.format.trusted_proxies) : read.problems);

  it('stand in front of every source that may have some and names none', () => {
    expect(proxiesOf(config(`trusted_proxies: [10.0.0.0/8]\n${sources}`))).toEqual([['10.0.0.0/8'], ['10.0.0.0/8'], ['192.0.2.1'], undefined]);
    expect(proxiesOf(config(sources))).toEqual([undefined, undefined, ['192.0.2.1'], undefined]);
  });

  it('are told once when they are wrong', () => {
    expect(config(`trusted_proxies: [everybody]\n${sources}`)).toMatchObject({ ok: false, problems: [{ path: 'trusted_proxies[0]' }] });
  });
});

describe('secrets', () => {
  it('come from the environment or a file and never print', () => {
    const root = mkdtempSync(join(tmpdir(), 'fenghuo-config-'));
    writeFileSync(join(root, 'hook'), 'whsec_ZGVtbw==\n');
    const text = 'alerting: { route: { receiver: ops }, receivers: [ { name: ops, webhook_configs: [ { url: "$' + '{HOOK}", secret: { file: hook } } ] } ] }';
    const parsed = parseConfig([{ file: 'fenghuo.yaml', text }], { environment: { HOOK: 'http://127.0.0.1:9/hook' }, root });
    expect(parsed).toMatchObject({ ok: true });
    expect(JSON.stringify(parsed)).not.toContain('whsec_');
  });
});

it('survives YAML that is no configuration at all', () => {
  for (const text of ['', '- a\n- b', 'site: [', '\u0000\u0001', 'a: &a [*a]', '42', `x: ${'['.repeat(2000)}`]) {
    const parsed = parseConfig([{ file: 'fenghuo.yaml', text }], { environment: {}, root: '.' });
    if (!parsed.ok) expect(parsed.problems.length).toBeGreaterThan(0);
  }
});
