import { describe, expect, it } from 'vitest';
import { partsOf, type RequestRow, requestFailed, requestName, requestsEndMs } from './evidence.ts';

const id = 'a'.repeat(32);

describe('the evidence of a check', () => {
  it('is sorted into what is drawn and what is named', () => {
    expect(
      partsOf({
        status: 200,
        step: 'query',
        steps: [
          { name: 'open', ms: 12, status: 200 },
          { name: 'query', ms: 30, status: null },
        ],
        difference: [{ field: 'amount', expected: '1280.00', got: null }],
        artifacts: { screenshot: `${id}.jpg`, trace: `${id}.zip`, waterfall: '../../etc/passwd' },
        headers: { server: 'demo' },
        body: '{}',
        droppedArtifacts: ['trace'],
      }),
    ).toEqual({
      difference: [{ field: 'amount', expected: '1280.00', got: '∅' }],
      steps: [
        { name: 'open', ms: 12, status: 200, failed: false },
        { name: 'query', ms: 30, status: null, failed: true },
      ],
      artifacts: { screenshot: `${id}.jpg`, trace: `${id}.zip` },
      headers: [['server', 'demo']],
      texts: [['body', '{}']],
      rest: [
        ['status', '200'],
        ['droppedArtifacts', '["trace"]'],
      ],
    });
  });

  it.each([
    { name: 'a pair', evidence: { expected: '$.code = "001"', got: '"004"' }, rows: [{ field: '', expected: '$.code = "001"', got: '"004"' }] },
    {
      name: 'a record that is not there',
      evidence: { expected: { amount: '1.00', seller: 'A' }, got: null },
      rows: [
        { field: 'amount', expected: '1.00', got: '∅' },
        { field: 'seller', expected: 'A', got: '∅' },
      ],
    },
    { name: 'nothing', evidence: { expected: undefined, got: undefined }, rows: [] },
    { name: 'nonsense', evidence: { difference: ['x', null] }, rows: [] },
  ])('$name as a difference', ({ evidence, rows }) => {
    expect(partsOf(evidence).difference).toEqual(rows);
  });

  it('names the step that never ended', () => {
    expect(partsOf({ steps: [{ name: 'open', ms: 3 }], step: 'login' }).steps.map(({ name, failed }) => [name, failed])).toEqual([
      ['open', false],
      ['login', true],
    ]);
  });
});

describe('requests of a journey', () => {
  const row = (more: Partial<RequestRow>): RequestRow => ({ method: 'GET', url: '', type: 'fetch', status: 200, startMs: 0, ms: 5, ...more });

  it('are wide as the last of them, and failed by status or by error', () => {
    expect(requestsEndMs([row({ startMs: 100, ms: 50 }), row({ startMs: 140, ms: null })])).toBe(150);
    expect(requestsEndMs([])).toBe(1);
    expect([row({}), row({ status: 503 }), row({ status: null, error: 'net::ERR_ABORTED' })].map(requestFailed)).toEqual([false, true, true]);
  });

  it.each([
    ['http://a.example/x?b=1', '/x?b=1'],
    ['http://cdn.example/y.js', 'cdn.example/y.js'],
    ['about', 'about'],
  ])('%s is called %s', (url, name) => {
    expect(requestName(url, 'http://a.example/')).toBe(name);
  });
});
