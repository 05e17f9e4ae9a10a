import { describe, expect, it } from 'vitest';
import type { Answer } from '#collector/probes/answer.ts';
import { assertionSchema } from '#collector/probes/assertion.ts';
import { durationMs, unixMs } from '#lib/time.ts';

const at = unixMs(Date.UTC(2026, 2, 1, 12));

function answer(body: unknown, more: Partial<Answer> = {}): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const json = () => (typeof body === 'string' ? undefined : body);
  return { status: 200, headers: {}, body: text, bodyBytes: Buffer.byteLength(text), json, certificateLeftMs: durationMs(0), at, phases: { connect: 40, firstByte: 300, body: 10 }, ...more };
}
const judged = (assertion: Record<string, unknown>, seen: Answer) => assertionSchema.parse(assertion).judge(seen);
const xml = { headers: { 'content-type': 'text/xml; charset=utf-8' } };

const codes = { code: '$.code', ok: '001', platform: ['004', '010'], throttle: '003', data: '006', missing: '009', user: ['002', '005'], message: '$.message' };
const page = '<html><body><p class="error" hidden> 查 无\n <b>此票</b></p><td class="amount">1280.00</td><a class="help" href="/help?x=1">help</a></body></html>';
const invoice = '<?xml version="1.0"?><Reply><Invoice No="26"><Amount>1280.00</Amount></Invoice></Reply>';
const record = { number: '26990000000000000001', amount: '1280.00', seller: { name: '演示餐饮一号公司（虚构）' } };

describe('an assertion holds', () => {
  it.each([
    ['an answer within its time', { latency: '350ms' }, answer('')],
    ['a phase within its time', { latency: '300ms', phase: 'firstByte' }, answer('')],
    ['a size between the limits', { size: { min: 2, max: 4 } }, answer('ok!')],
    ['the good code', codes, answer({ code: '001' })],
    ["a code of the user's", codes, answer({ code: '005' })],
    ['the known record, more fields than known', { golden: '$.data', equals: { amount: '1280.00', 'seller.name': '演示餐饮一号公司（虚构）' } }, answer({ data: record })],
    ['a record young enough', { fresh: '$.at', within: '30m' }, answer({ at: '2026-03-01T11:30:00Z' })],
    ['the newest of several', { fresh: '$.items[*].at', within: '5m' }, answer({ items: [{ at: '2026-02-01T00:00:00Z' }, {}, { at: at / 1000 - 60 }] })],
    ['a time of another zone', { fresh: '$.at', within: '5m', zone: 'Asia/Shanghai' }, answer({ at: '2026-03-01 19:58:00' })],
    ['the whole body but for what is ignored', { json_equals: { a: [{ id: 1, v: 'x' }], t: 0 }, ignore: ['$.t', '$.a[*].id'] }, answer({ a: [{ id: 9, v: 'x' }], t: 5 })],
    ['text of an element', { selector: 'td.amount', equals: '1280.00' }, answer(page)],
    ['white space drawn together', { selector: 'p.error', equals: '查 无 此票' }, answer(page)],
    ['an attribute', { selector: 'a.help', attribute: 'href', contains: '/help' }, answer(page)],
    ['an element that must not be there', { selector: '.captcha', exists: false }, answer(page)],
    ['an element of XML, case kept', { selector: 'Invoice[No="26"] > Amount', equals: '1280.00' }, answer(invoice, xml)],
    ['a length', { json: '$.items', length: 2 }, answer({ items: [1, 2] })],
  ])('%s', (_, assertion, seen) => {
    expect(judged(assertion, seen)).toBeNull();
  });
});

describe('an assertion fails', () => {
  it.each([
    ['a late answer', { latency: '200ms' }, answer(''), { kind: 'timeout', expected: '≤ 200ms', got: '350ms' }],
    ['a late phase', { latency: '200ms', phase: 'firstByte' }, answer(''), { kind: 'timeout', got: '300ms' }],
    ['a body too small', { size: { min: 10 } }, answer('ok'), { kind: 'assertion', expected: '≥ 10 B', got: '2 B' }],
    ["the platform's code", codes, answer({ code: '004', message: '超过服务器最大请求数' }), { kind: 'business', reason: '$.code = "004" (platform) 超过服务器最大请求数' }],
    ['a code nobody named', codes, answer({ code: 77 }), { kind: 'business', evidence: { code: '77', class: 'platform' } }],
    ['no code', codes, answer({}), { kind: 'business', got: '∅' }],
    ['throttling', codes, answer({ code: '003' }), { kind: 'throttled' }],
    ['wrong data', codes, answer({ code: '006' }), { kind: 'mismatch' }],
    ['no such record', codes, answer({ code: '009' }), { kind: 'missing' }],
    ["a code of the user's when asked for", { ...codes, user_fails: true }, answer({ code: '005' }), { kind: 'business', evidence: { code: '005', class: 'user' } }],
    [
      'a wrong field, named',
      { golden: '$.data', equals: record },
      answer({ data: { ...record, amount: '12.80' } }),
      { kind: 'mismatch', reason: 'amount: "12.80" ≠ "1280.00"', evidence: { difference: [{ field: 'amount', expected: '1280.00', got: '12.80' }] } },
    ],
    ['no record', { golden: '$.data', equals: record }, answer({ data: null }), { kind: 'missing', got: 'null' }],
    ['an empty list of records', { golden: '$.data', equals: record }, answer({ data: [] }), { kind: 'missing' }],
    ['a record that is too old', { fresh: '$.at', within: '30m' }, answer({ at: '2026-03-01T11:00:00Z' }), { kind: 'missing', got: '1h', evidence: { newest: '2026-03-01T11:00:00.000Z' } }],
    ['no time at all', { fresh: '$.items[*].at', within: '30m' }, answer({ items: [] }), { kind: 'missing', got: '∅' }],
    ['what is no time', { fresh: '$.at', within: '30m' }, answer({ at: 'soon' }), { kind: 'assertion', got: '"soon"' }],
    [
      'a body that differs, place by place',
      { json_equals: { a: [1, { b: 2 }] } },
      answer({ a: [1, { b: 3 }, 4], 'c d': 5 }),
      {
        kind: 'assertion',
        evidence: {
          difference: [
            { field: '$.a[1].b', expected: 2, got: 3 },
            { field: '$.a[2]', expected: null, got: 4 },
            { field: "$['c d']", expected: null, got: 5 },
          ],
        },
      },
    ],
    ['another text of an element', { selector: 'td.amount', equals: '1' }, answer(page), { kind: 'assertion', expected: '"1"', got: '"1280.00"' }],
    ['an element that is not there', { selector: '.total', contains: '1' }, answer(page), { kind: 'assertion', got: '∅' }],
    ['names of XML in another case', { selector: 'amount', exists: true }, answer(invoice, xml), { kind: 'assertion', got: '∅' }],
    ['a page nested without end', { selector: 'b.deep', exists: true }, answer('<b>'.repeat(300_000)), { kind: 'assertion', got: 'nested too deep' }],
    ['nothing, which is not above zero', { json: '$.n', above: -1 }, answer({ n: null }), { kind: 'assertion', got: 'null' }],
    ['another length', { json: '$.items', length: 2 }, answer({ items: [1] }), { kind: 'assertion', expected: 'length 2' }],
    ['a body that is not JSON', { golden: '$.data', equals: record }, answer('<html>'), { kind: 'assertion', expected: 'JSON' }],
  ])('%s', (...[, assertion, seen, expected]) => {
    expect(judged(assertion, seen)).toMatchObject(expected);
  });
});

describe('an assertion is refused', () => {
  it.each([
    ['an unknown key', { latency: '1s', phases: 'tls' }, /Unrecognized key/],
    ['a phase that is none', { latency: '1s', phase: 'dsn' }, /dns/],
    ['a size without limits', { size: {} }, /has no limit/],
    ['limits crossed', { size: { min: 5, max: 1 } }, /min is above max/],
    ['a code in two classes', { ...codes, user: ['003'] }, /"003" stands in two classes/],
    ['a record without fields', { golden: '$.data', equals: {} }, /names no field/],
    ['a time without unit', { fresh: '$.at', within: '30' }, /needs a unit/],
    ['a bad selector', { selector: 'td[', exists: true }, /"td\[" is not a selector/],
    ['a selector with nothing to compare', { selector: 'td' }, /nothing to compare/],
    ['a bad path to ignore', { json_equals: {}, ignore: ['t'] }, /not a JSON path/],
    ['no assertion', { statsu: 200 }, /not an assertion/],
  ])('%s', (_, assertion, message) => {
    const parsed = assertionSchema.safeParse(assertion);
    expect(parsed.error?.issues.map((issue) => issue.message).join('; ')).toMatch(message);
  });
});
