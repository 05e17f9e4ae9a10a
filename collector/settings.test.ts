import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { shape } from './settings.ts';

const schema = z.strictObject(shape);
const read = (raw: unknown) => {
  const parsed = schema.safeParse(raw);
  return parsed.success ? parsed.data : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
};
const good = { id: 'home', service: 'invoice', kind: 'http', url: 'http://127.0.0.1:8601/' };

describe('the probes section', () => {
  it('makes ready probes with the defaults of the documentation', () => {
    const config = read({ probes: [good] });
    expect(config).toMatchObject({
      vantages: [],
      probes: [{ id: 'home', kind: 'http', target: 'http://127.0.0.1:8601/', intervalMs: 10_000, timeoutMs: 5_000, slowAfterMs: 1_000, confirm: { times: 1, afterMs: 1_000 }, config: good }],
    });
  });

  it('takes the example of the contract', () => {
    const probes = [
      { ...good, interval: '10s', timeout: '5s', slow_after: '1s', confirm: { times: 1, after: '1s' }, vantages: ['bj'], assert: [{ status: '2xx' }, { json: '$.code', equals: '001' }] },
    ];
    expect(read({ vantages: [{ id: 'bj', region: '北京', carrier: '电信' }], probes })).toMatchObject({ vantages: [{ id: 'bj', region: '北京', carrier: '电信', sourceAddress: null }] });
  });

  it('reports every problem of every probe at its place', () => {
    const problems = read({
      vantages: [{ id: 'x', source_address: 'nowhere' }],
      probes: [
        { ...good, kind: 'htp' },
        { ...good, interval: '30', timeout: 5 },
        { ...good, url: 'ftp://x', assrt: [] },
        { ...good, slow_after: '9s' },
        { ...good, assert: [{ regex: '(a' }, { json: 'code', equals: 1 }, { status: '2x' }, { json: '$.a' }, { foo: 1 }] },
        { service: 'invoice', kind: 'http', url: 'http://x/' },
      ],
    });
    expect(problems).toEqual([
      'vantages.0.source_address: not an IP address',
      'probes.0.kind: "htp" is not a known kind',
      'probes.1.interval: "30" needs a unit, for example "30s"',
      'probes.1.timeout: "5" needs a unit, for example "30s"',
      'probes.2.url: "ftp://x" is not an http or https address',
      'probes.2: Unrecognized key: "assrt"',
      'probes.3.slow_after: is not shorter than the timeout',
      expect.stringMatching(/^probes\.4\.assert\.0\.regex: "\(a" is not a regular expression/),
      'probes.4.assert.1.json: "code" is not a JSON path',
      'probes.4.assert.2.status: "2x" is not a status',
      'probes.4.assert.3: says nothing about the value at the path',
      'probes.4.assert.4: is not an assertion',
      expect.stringMatching(/^probes\.5\.id: /),
    ]);
  });

  it('refuses a circle of dependencies', () => {
    const probes = [
      { ...good, id: 'a', depends_on: ['b'] },
      { ...good, id: 'b', depends_on: ['a'] },
      { ...good, id: 'c', depends_on: ['a'] },
    ];
    expect(read({ probes })).toEqual(['probes.0.depends_on: "a" depends on itself', 'probes.1.depends_on: "b" depends on itself']);
  });
});
