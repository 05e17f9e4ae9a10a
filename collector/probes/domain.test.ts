import { createServer, type ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { systemClock } from '#lib/clock.ts';
import { iso, unixMs } from '#lib/time.ts';
import { lethalOf, readRegistration, retryAt, serverFor } from './rdap.ts';
import { complaints, listening, lookWith } from './test-servers.ts';

const day = 86_400_000;
const inDays = (days: number) => iso(unixMs(systemClock.now() + days * day));

/** An answer as registries give it. */
const registered = (days: number | null, more: Record<string, unknown> = {}) => ({
  objectClassName: 'domain',
  rdapConformance: ['rdap_level_0'],
  handle: '2138514_DOMAIN',
  ldhName: 'INVOICE.EXAMPLE',
  status: ['client transfer prohibited'],
  events: [
    { eventAction: 'registration', eventDate: '2010-05-04T03:02:01Z' },
    ...(days === null ? [] : [{ eventAction: 'expiration', eventDate: inDays(days) }]),
    { eventAction: 'last update of RDAP database', eventDate: inDays(0) },
  ],
  entities: [
    {
      objectClassName: 'entity',
      handle: '292',
      roles: ['registrar'],
      vcardArray: [
        'vcard',
        [
          ['version', {}, 'text', '4.0'],
          ['fn', {}, 'text', '演示注册商'],
        ],
      ],
    },
  ],
  nameservers: [{ objectClassName: 'nameserver', ldhName: 'NS1.INVOICE.EXAMPLE' }],
  ...more,
});

/** A registry on loopback; notes what it was asked. */
async function registry(answer: (path: string, response: ServerResponse) => void) {
  const asked: string[] = [];
  const address = await listening(
    createServer((request, response) => {
      asked.push(`${request.url} ${request.headers.accept}`);
      answer(request.url ?? '', response.setHeader('content-type', 'application/rdap+json'));
    }),
  );
  return { url: `http://${address}/rdap`, asked };
}
const saying = (status: number, body: unknown, headers: Record<string, string> = {}) => registry((_, response) => void response.writeHead(status, headers).end(JSON.stringify(body)));
const look = (config: Record<string, unknown>) => lookWith({ kind: 'domain', domain: 'invoice.example', ...config });

describe('a registered domain', () => {
  it('passes with its registrar and days in evidence', async () => {
    const { url, asked } = await saying(200, registered(200));
    const { outcome, evidence } = await look({ server: url });
    expect(outcome).toEqual({ kind: 'pass' });
    expect(evidence).toMatchObject({
      registrar: '演示注册商',
      daysLeft: 199,
      registeredAt: '2010-05-04T03:02:01.000Z',
      statuses: ['client transfer prohibited'],
      nameservers: ['ns1.invoice.example'],
    });
    expect(asked).toEqual(['/rdap/domain/invoice.example application/rdap+json, application/json']);
  });

  it.each([
    { name: 'few days', days: 30.5, outcome: { kind: 'slow', reason: 'invoice.example 30d < 45d' } },
    { name: 'fewer days', days: 9.5, outcome: { kind: 'fail', failure: { kind: 'domain', reason: 'invoice.example 9d < 14d' } } },
    { name: 'no day', days: -3.5, outcome: { kind: 'fail', failure: { kind: 'domain', reason: 'invoice.example expired 3d ago' } } },
    { name: 'a hold of the registrar', days: 200, more: { status: ['active', 'client hold'] }, outcome: { kind: 'fail', failure: { kind: 'domain', reason: 'invoice.example: client hold' } } },
    { name: 'redemption, as some write it', days: 400, more: { status: ['redemptionPeriod'] }, outcome: { kind: 'fail', failure: { kind: 'domain', reason: 'invoice.example: redemptionPeriod' } } },
    { name: 'no expiry told', days: null, outcome: { kind: 'unknown', reason: 'invoice.example: the registry tells no expiry' } },
  ])('$name is $outcome.kind', async ({ days, more, outcome }) => {
    const { url } = await saying(200, registered(days, more));
    expect((await look({ server: url })).outcome).toEqual(outcome);
  });
});

describe('a registry', () => {
  it.each([
    {
      name: 'that knows no such domain',
      status: 404,
      body: { errorCode: 404 },
      outcome: { kind: 'fail', failure: { kind: 'missing', reason: expect.stringMatching(/^invoice\.example: 127\.0\.0\.1:\d+ knows no such domain$/) } },
    },
    { name: 'in trouble', status: 500, body: {}, outcome: { kind: 'unknown', reason: expect.stringMatching(/: 500$/) } },
    { name: 'that answers something else', status: 200, body: ['<html>'], outcome: { kind: 'unknown', reason: expect.stringMatching(/no RDAP answer about a domain$/) } },
  ])('$name', async ({ status, body, outcome }) => {
    const { url } = await saying(status, body);
    expect((await look({ server: url })).outcome).toEqual(outcome);
  });

  it('that asks to be left alone is left alone, by every probe', async () => {
    const { url, asked } = await saying(429, {}, { 'retry-after': '900' });
    const first = await look({ server: url });
    expect(first.outcome).toEqual({ kind: 'unknown', reason: expect.stringMatching(/: 429, asks to be left alone until 20/) });
    expect((await look({ server: url, domain: 'other.example' })).outcome).toEqual({ kind: 'unknown', reason: expect.stringMatching(/asked to be left alone until/) });
    expect(asked).toHaveLength(1);
  });

  it('that is not there is its own trouble, and a metadata address is refused', async () => {
    expect((await look({ server: 'http://127.0.0.1:9/' })).outcome).toMatchObject({ kind: 'unknown' });
    expect((await look({ server: 'http://169.254.169.254/' })).outcome).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('metadata') });
  });
});

describe("IANA's list", () => {
  it('names the server, is fetched once for all probes, and says when there is none', async () => {
    const { url, asked } = await registry((path, response) => {
      if (path === '/rdap/dns.json')
        response.end(
          JSON.stringify({
            version: '1.0',
            services: [
              [['org'], ['https://nowhere.invalid/']],
              [['example'], [`${url}/`]],
            ],
          }),
        );
      else response.end(JSON.stringify(registered(100)));
    });
    const config = { bootstrap: `${url}/dns.json` };
    expect((await look(config)).outcome).toEqual({ kind: 'pass' });
    expect((await look({ ...config, domain: '发票.example' })).outcome).toEqual({ kind: 'pass' });
    expect((await look({ ...config, domain: 'invoice.cn' })).outcome).toEqual({ kind: 'unknown', reason: 'no RDAP server is known for .cn; write one under server' });
    expect(asked.map((line) => line.split(' ')[0])).toEqual(['/rdap/dns.json', '/rdap/domain/invoice.example', '/rdap/domain/xn--oors88f.example']);
  });

  it('that is none makes the check unknown', async () => {
    const { url } = await saying(200, { services: 'none' });
    expect((await look({ bootstrap: url })).outcome).toEqual({ kind: 'unknown', reason: expect.stringMatching(/no list of RDAP servers$/) });
  });
});

describe('what is read', () => {
  it('the longest ending wins, https before http', () => {
    const list = { services: [[['uk'], ['https://a.example/']], [['co.uk'], ['http://b.example/', 'https://b.example/']], [['com'], ['nonsense']], 'x', [[], []]] };
    expect(serverFor(list, 'Shop.CO.UK.')).toBe('https://b.example/');
    expect(serverFor(list, 'gov.uk')).toBe('https://a.example/');
    expect(serverFor(list, 'a.com')).toBeNull();
    expect(serverFor(null, 'a.com')).toBeNull();
  });

  it.each([null, [], 'text', { objectClassName: 'entity' }])('%j is no domain', (answer) => {
    expect(readRegistration(answer)).toBeNull();
  });

  it('odd answers are read as far as they make sense', () => {
    const odd = {
      objectClassName: 'domain',
      status: 'active',
      events: [{ eventAction: 'expiration', eventDate: 'soon' }, 7],
      entities: [null, { roles: ['registrar'], publicIds: [{ identifier: '292' }] }],
      nameservers: {},
    };
    expect(readRegistration(odd)).toEqual({ expiresAt: null, registeredAt: null, changedAt: null, statuses: [], registrar: '292', nameservers: [] });
    expect(lethalOf(['active', 'Server Hold', 'pendingDelete'])).toEqual(['Server Hold', 'pendingDelete']);
  });

  it.each([
    { header: '120', at: 120_000 },
    { header: 'Thu, 01 Jan 1970 00:10:00 GMT', at: 600_000 },
    { header: '99999999', at: 86_400_000 },
    { header: 'later', at: 3_600_000 },
    { header: undefined, at: 3_600_000 },
  ])('retry-after $header', ({ header, at }) => {
    expect(retryAt(header, unixMs(0))).toBe(at);
  });
});

it.each([
  { wrong: { domain: 'https://invoice.example/' }, said: 'domain: "https://invoice.example/" is not a domain name' },
  { wrong: { domain: 'localhost' }, said: 'domain: "localhost" is not a domain name' },
  { wrong: { domain: 'a.example', warn_below: '7d' }, said: 'warn_below: is shorter than valid_for, so it would never warn' },
])('$said', ({ wrong, said }) => {
  expect(complaints({ kind: 'domain', ...wrong })).toEqual([said]);
});
