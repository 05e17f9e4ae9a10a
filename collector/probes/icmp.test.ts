import { chmodSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { localVantage } from '#collector/vantage.ts';
import { complaints, lookWith } from './test-servers.ts';

const look = (config: Record<string, unknown>, vantage = localVantage) => lookWith({ kind: 'icmp', ...config }, vantage);
const hasPing = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'ping')));
afterEach(() => void vi.unstubAllEnvs());

describe.skipIf(!hasPing)(`with the system's ping${hasPing ? '' : ' (SKIPPED: no ping in PATH; install iputils-ping)'}`, () => {
  it('this machine answers itself', async () => {
    const { outcome, phases, evidence, durationMs } = await look({ address: '127.0.0.1', count: 3 });
    expect(outcome).toEqual({ kind: 'pass' });
    expect(evidence).toMatchObject({ address: '127.0.0.1', sent: 3, received: 3, loss: 0 });
    // What the target took, not the 400 ms we waited between packets.
    expect(durationMs).toBe(evidence.rttAvgMs);
    expect(durationMs).toBeLessThan(100);
    expect(phases.firstByte).toBe(durationMs);
  });

  it('a name is resolved here, and from the vantage it is told to leave from', async () => {
    const result = await look({ address: 'localhost', count: 1, ip_family: 4 }, { ...localVantage, sourceAddress: '127.0.0.2' });
    expect(result).toMatchObject({ outcome: { kind: 'pass' }, evidence: { address: '127.0.0.1' } });
    expect(result.phases).toHaveProperty('dns');
  });

  it('a source address this machine does not have says nothing about the target', async () => {
    expect((await look({ address: '127.0.0.1', count: 1 }, { ...localVantage, sourceAddress: '192.0.2.77' })).outcome).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('(prober)') });
  });
});

/** A `ping` of ours first in PATH. */
function ping(body: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'fenghuo-ping-'));
  writeFileSync(join(folder, 'ping'), `#!/bin/sh\n${body}\n`);
  chmodSync(join(folder, 'ping'), 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}/usr/bin:/bin`);
}
const reply = (seq: number, ms: number) => `echo "64 bytes from 192.0.2.1: icmp_seq=${seq} ttl=60 time=${ms} ms"`;

describe('by what ping says', () => {
  it.each([
    {
      name: 'one of three lost is allowed',
      body: `${reply(1, 8)}; ${reply(3, 12)}; echo "3 packets transmitted, 2 received, 33.3% packet loss"`,
      outcome: { kind: 'pass' },
      evidence: { sent: 3, received: 2, loss: 0.333, rttAvgMs: 10, jitterMs: 4 },
    },
    {
      name: 'one of three lost is too much when said',
      body: `${reply(1, 8)}; ${reply(3, 12)}; echo "3 packets transmitted, 2 received"; exit 0`,
      config: { max_loss: 0.1 },
      outcome: { kind: 'fail', failure: { kind: 'timeout', reason: 'ICMP: 1 / 3 lost, 33 % > 10 %' } },
      evidence: { loss: 0.333 },
    },
    { name: 'slow answers are slow', body: `${reply(1, 2500)}; echo "1 packets transmitted, 1 received"`, outcome: { kind: 'slow' }, evidence: { rttMaxMs: 2500 } },
    {
      name: 'silence',
      body: 'echo "3 packets transmitted, 0 received, 100% packet loss"; exit 1',
      outcome: { kind: 'fail', failure: { kind: 'timeout', reason: 'ICMP: 3 / 3 lost' } },
      evidence: { received: 0 },
    },
    {
      name: 'all may be lost in words, never in fact',
      body: 'echo "3 packets transmitted, 0 received"; exit 1',
      config: { max_loss: 1 },
      outcome: { kind: 'fail', failure: { kind: 'timeout', reason: 'ICMP: 3 / 3 lost' } },
      evidence: { loss: 1 },
    },
    {
      name: 'a router says no',
      body: 'echo "From 203.0.113.9 icmp_seq=1 Packet filtered"; echo "3 packets transmitted, 0 received, +1 errors"; exit 1',
      outcome: { kind: 'fail', failure: { kind: 'connect', reason: 'ICMP: 203.0.113.9: Packet filtered' } },
      evidence: { refusals: ['203.0.113.9: Packet filtered'] },
    },
    {
      name: 'no way out',
      body: 'echo "ping: sendmsg: Network is unreachable" >&2; echo "3 packets transmitted, 0 received"; exit 1',
      outcome: { kind: 'unknown', reason: 'ping: sendmsg: Network is unreachable (prober)' },
      evidence: {},
    },
    {
      name: 'no right to send',
      body: 'echo "ping: socktype: SOCK_RAW" >&2; echo "ping: socket: Operation not permitted" >&2; exit 2',
      outcome: { kind: 'unknown', reason: 'ping: socket: Operation not permitted (prober)' },
      evidence: {},
    },
    { name: 'nothing at all', body: 'exit 9', outcome: { kind: 'unknown', reason: 'ping ended and said nothing (exit 9)' }, evidence: {} },
  ])('$name', async ({ body, config = {}, outcome, evidence }) => {
    ping(body);
    const result = await look({ address: '192.0.2.1', timeout: '5s', slow_after: '2s', ...config });
    expect(result.outcome).toEqual(outcome);
    expect(result.evidence).toMatchObject({ address: '192.0.2.1', ...evidence });
  });

  it('what answered before the time was up counts', async () => {
    ping(`${reply(1, 3)}; exec sleep 60`);
    const result = await look({ address: '192.0.2.1', timeout: '1s', slow_after: '900ms', max_loss: 0 });
    expect(result).toMatchObject({ outcome: { kind: 'fail', failure: { kind: 'timeout', reason: 'ICMP: 2 / 3 lost, 67 % > 0 %' } }, evidence: { received: 1, sent: 3 } });
  });

  it('it is given the address that was judged, one by one and without a shell', async () => {
    ping('echo "$@" >&2; exit 3');
    expect((await look({ address: 'localhost', ip_family: 4, count: 2, size: 100, ttl: 5, timeout: '3s' })).outcome).toEqual({
      kind: 'unknown',
      reason: '-4 -n -c 2 -i 0.2 -s 100 -W 2 -t 5 127.0.0.1',
    });
  });

  it('a metadata address is refused, a machine without ping says what to install', async () => {
    ping('exit 0');
    expect((await look({ address: '169.254.169.254' })).outcome).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('metadata') });
    vi.stubEnv('PATH', mkdtempSync(join(tmpdir(), 'fenghuo-ping-')));
    expect((await look({ address: '192.0.2.1' })).outcome).toEqual({ kind: 'unknown', reason: 'no ping in PATH: install iputils-ping' });
  });
});

it.each([
  { wrong: { address: 'gateway.example:80' }, said: 'address: not a host name or an IP address' },
  { wrong: { address: '-f' }, said: 'address: not a host name or an IP address' },
  { wrong: { address: 'a', every: '50ms' }, said: 'every: must be between 200 ms and 10 s' },
  { wrong: { address: 'a', count: 20, every: '1s' }, said: 'count: 20 packets take 19000 ms to send, longer than the timeout' },
  { wrong: { address: 'a', size: 8 }, said: expect.stringMatching(/^size: /) },
])('$said', ({ wrong, said }) => {
  expect(complaints({ kind: 'icmp', ...wrong })).toEqual([said]);
});
