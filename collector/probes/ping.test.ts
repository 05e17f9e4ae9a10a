import { expect, test } from 'vitest';
import { type PingPlan, pingCommand, readEchoes, spread } from './ping.ts';

const plan: PingPlan = { address: '192.0.2.1', family: 4, count: 3, everyMs: 200, waitMs: 4_600, size: 56, ttl: null, sourceAddress: null };

test.each([
  { name: 'Linux', platform: 'linux', more: {}, line: 'ping -4 -n -c 3 -i 0.2 -s 56 -W 4 192.0.2.1' },
  {
    name: 'Linux, all said',
    platform: 'linux',
    more: { family: 6, address: '2001:db8::1', ttl: 9, sourceAddress: '2001:db8::2', waitMs: 300 },
    line: 'ping -6 -n -c 3 -i 0.2 -s 56 -W 1 -t 9 -I 2001:db8::2 2001:db8::1',
  },
  { name: 'macOS', platform: 'darwin', more: { ttl: 9, sourceAddress: '10.0.0.2' }, line: 'ping -n -c 3 -i 0.2 -s 56 -W 4600 -m 9 -S 10.0.0.2 192.0.2.1' },
  { name: 'macOS, IPv6', platform: 'darwin', more: { family: 6, address: '2001:db8::1', ttl: 9 }, line: 'ping6 -n -c 3 -i 0.2 -s 56 -h 9 2001:db8::1' },
] as const)('$name: $line', ({ platform, more, line }) => {
  const { command, args } = pingCommand({ ...plan, ...more }, platform);
  expect([command, ...args].join(' ')).toBe(line);
});

test.each([
  {
    name: 'iputils',
    said: '64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=12.5 ms\n64 bytes from 192.0.2.1: icmp_seq=2 ttl=64 time=10.5 ms\n\n--- 192.0.2.1 ping statistics ---\n2 packets transmitted, 2 received, 0% packet loss, time 201ms\nrtt min/avg/max/mdev = 10.5/11.5/12.5/1.0 ms\n',
    echoes: { rttsMs: [12.5, 10.5], received: 2, sent: 2, refusals: [] },
  },
  {
    name: 'busybox',
    said: 'PING 192.0.2.1 (192.0.2.1): 56 data bytes\n64 bytes from 192.0.2.1: seq=0 ttl=64 time=0.371 ms\n\n--- 192.0.2.1 ping statistics ---\n2 packets transmitted, 1 packets received, 50% packet loss\nround-trip min/avg/max = 0.371/0.371/0.371 ms\n',
    echoes: { rttsMs: [0.371], received: 1, sent: 2, refusals: [] },
  },
  {
    name: 'an answer twice, late and out of order',
    said: '64 bytes from 192.0.2.1: icmp_seq=2 ttl=64 time=5 ms\r\n64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=900 ms\r\n64 bytes from 192.0.2.1: icmp_seq=2 ttl=64 time=7 ms (DUP!)\r\n2 packets transmitted, 2 received, +1 duplicates, 0% packet loss, time 1ms\r\n',
    echoes: { rttsMs: [900, 5], received: 2, sent: 2, refusals: [] },
  },
  {
    name: 'a router that refuses',
    said: 'From 203.0.113.9 icmp_seq=1 Destination Host Unreachable\nFrom 203.0.113.9 icmp_seq=2 Destination Host Unreachable\n2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 9ms\n',
    echoes: { rttsMs: [], received: 0, sent: 2, refusals: ['203.0.113.9: Destination Host Unreachable'] },
  },
  {
    name: 'a BSD that says so',
    said: '36 bytes from 203.0.113.9: Time to live exceeded\n1 packets transmitted, 0 packets received, 100.0% packet loss\n',
    echoes: { rttsMs: [], received: 0, sent: 1, refusals: ['203.0.113.9: Time to live exceeded'] },
  },
  { name: 'cut off in the middle', said: '64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=3.25 ms\n64 bytes fro', echoes: { rttsMs: [3.25], received: 1, sent: null, refusals: [] } },
  { name: 'too small to bear a time', said: '16 bytes from 192.0.2.1: icmp_seq=1 ttl=64\n1 packets transmitted, 1 received', echoes: { rttsMs: [], received: 1, sent: 1, refusals: [] } },
  { name: 'nothing', said: '', echoes: { rttsMs: [], received: 0, sent: null, refusals: [] } },
])('reads $name', ({ said, echoes }) => {
  expect(readEchoes(said)).toEqual(echoes);
});

test('jitter is the mean change from one answer to the next', () => {
  expect(spread([10, 12, 9])).toEqual({ min: 9, avg: 10.333, max: 12, jitter: 2.5 });
  expect(spread([4])).toEqual({ min: 4, avg: 4, max: 4, jitter: 0 });
  expect(spread([])).toBeNull();
});
