import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { durationText } from '#lib/schema.ts';
import { durationMs } from '#lib/time.ts';
import { explain } from './exchange.ts';
import { firstAllowed } from './guard.ts';
import { familyField, familyNumber } from './http-options.ts';
import { lineShape } from './http-shape.ts';
import { RefusedAddress } from './line.ts';
import { type PingPlan, pingCommand, readEchoes, spread } from './ping.ts';
import { type Look, probeFields, probeShape, readyProbe, type Sight } from './probe.ts';
import { type Ran, runProgram } from './program.ts';
import { createTurns } from './turns.ts';
import { failed } from './wire.ts';

const hostText = z.string().regex(/^([A-Za-z0-9]([A-Za-z0-9._-]{0,252})|[0-9A-Fa-f:.]{2,45})$/, {
  message: 'not a host name or an IP address',
  params: { hint: 'for example gateway.example, 10.0.0.1, 2001:db8::1; ICMP has no ports' },
} as never);

const shape = {
  ...probeShape,
  address: hostText,
  count: z.number().int().min(1).max(20).default(3),
  every: durationText.refine((span) => span >= 200 && span <= 10_000, { message: 'must be between 200 ms and 10 s', params: { hint: 'for example 200ms' } }).default(durationMs(200)),
  /** More of the packets than this share lost is a failure; that all are lost always is. */
  max_loss: z.number().min(0).max(1).default(0.5),
  size: z.number().int().min(16).max(65_000).default(56),
  ttl: z.number().int().min(1).max(255).optional(),
  ip_family: familyNumber.optional(),
  metadata_addresses: lineShape.metadata_addresses,
};
type Config = z.output<z.ZodObject<typeof shape>>;

/** Echo requests by the system's `ping`, which may send them where we may not. */
export const icmp = defineKind({
  kind: 'icmp',
  label: { 'zh-CN': 'ICMP（ping）', en: 'ICMP (ping)' },
  fields: [
    ...probeFields,
    { id: 'address', label: { 'zh-CN': '主机', en: 'Host' }, input: 'text', required: true, help: { 'zh-CN': '主机名或 IP，例如 gateway.example', en: 'Name or IP, for example gateway.example' } },
    { id: 'count', label: { 'zh-CN': '每次发几个包', en: 'Packets a check' }, input: 'number', required: false, help: { 'zh-CN': '默认 3', en: '3 by default' } },
    { id: 'every', label: { 'zh-CN': '包与包的间隔', en: 'Between packets' }, input: 'duration', required: false, help: { 'zh-CN': '默认 200ms', en: '200ms by default' } },
    { id: 'max_loss', label: { 'zh-CN': '可丢多少', en: 'Loss allowed' }, input: 'number', required: false, help: { 'zh-CN': '0 到 1，默认 0.5', en: '0 to 1, 0.5 by default' } },
    { id: 'size', label: { 'zh-CN': '包的字节数', en: 'Bytes of payload' }, input: 'number', required: false, help: { 'zh-CN': '默认 56', en: '56 by default' } },
    { id: 'ttl', label: { 'zh-CN': 'TTL', en: 'TTL' }, input: 'number', required: false, help: { 'zh-CN': '默认由系统决定', en: "The system's by default" } },
    familyField,
  ],
  shape,
  agree: ({ count, every, timeout }) =>
    (count - 1) * every < timeout ? [] : [{ path: ['count'], message: `${count} packets take ${(count - 1) * every} ms to send, longer than the timeout`, hint: 'send fewer, or raise timeout' }],
  make: (config) => ({
    ...readyProbe(config, { kind: 'icmp', target: config.address, check: (look) => check(config, look) }),
    pausesMs: durationMs((config.count - 1) * config.every),
  }),
});

/** A ping mostly waits, so many may; without a bound a thousand probes would be a thousand processes. */
const turns = createTurns(64);
const mostOutput = 16_000;

async function check(config: Config, look: Look): Promise<Sight> {
  const startedAt = look.clock.elapsed();
  let target: { address: string; family: 4 | 6 };
  try {
    target = await resolve(config, look);
  } catch (error) {
    return { outcome: explain(error, { stage: 'dns', signal: look.signal }), phases: {}, evidence: {} };
  }
  const dns = isIP(config.address) === 0 ? { dns: look.clock.elapsed() - startedAt } : {};
  const giveBack = await turns.take(look.signal);
  if (giveBack === null) return { outcome: { kind: 'unknown', reason: 'other pings were still running (64 at a time)' }, phases: dns, evidence: {} };
  try {
    const { count, every: everyMs, size, ttl = null } = config;
    const waitMs = config.timeout - (count - 1) * everyMs - (look.clock.elapsed() - startedAt);
    const plan: PingPlan = { ...target, count, everyMs, waitMs, size, ttl, sourceAddress: look.vantage.sourceAddress };
    // One language for all, so that there is one set of words to read.
    const ran = await runProgram({ ...pingCommand(plan, process.platform), env: { PATH: process.env.PATH, LC_ALL: 'C' }, maxOutput: mostOutput }, look);
    return sightOf(config, { ran, address: target.address, dns });
  } finally {
    giveBack();
  }
}

/** Names are resolved once and judged; `ping` is given the address that was judged. */
async function resolve({ address, ip_family, metadata_addresses }: Config, { attempt = 0 }: Look): Promise<{ address: string; family: 4 | 6 }> {
  const known = isIP(address);
  const found = known === 0 ? await lookup(address, { all: true, family: ip_family ?? 0 }) : [{ address, family: known }];
  const target = firstAllowed(found, { allowMetadata: metadata_addresses === 'allow', attempt });
  if (!target) throw new RefusedAddress(`${address} is a metadata or link-local address`);
  return { address: target.address, family: target.family === 6 ? 6 : 4 };
}

/** Trouble of the prober's own: no right to send, no way out. */
const ownTrouble =
  /Network is unreachable|Operation not permitted|Permission denied|No buffer space|Cannot assign requested address|Address family .*not supported|invalid (option|argument)|unrecognized option|Message too long/i;

function sightOf({ count, max_loss }: Config, { ran, address, dns }: { ran: Ran; address: string; dns: Sight['phases'] }): Sight {
  const echoes = readEchoes(ran.stdout.toString('utf8'));
  const complaints = ran.stderr
    .toString('utf8')
    .split('\n')
    .flatMap((line) => (line.trim() === '' ? [] : [line.trim().slice(0, 200)]));
  // Before what is wrong some versions name what they tried.
  const said = complaints.find((line) => ownTrouble.test(line)) ?? complaints[0];
  const unknown = (reason: string): Sight => ({ outcome: { kind: 'unknown', reason }, phases: dns, evidence: { address } });
  if (ran.ending.how === 'spawn') return unknown(ran.ending.reason === 'ENOENT' ? 'no ping in PATH: install iputils-ping' : `ping: ${ran.ending.reason}`);
  if (echoes.received === 0 && said !== undefined && ownTrouble.test(said)) return unknown(`${said} (prober)`);
  if (echoes.received === 0 && echoes.sent === null && ran.ending.how !== 'killed')
    return unknown(said ?? `ping ended and said nothing (${ran.ending.how === 'exit' ? `exit ${ran.ending.code}` : ran.ending.name})`);
  const sent = ran.ending.how === 'killed' ? count : Math.max(echoes.sent ?? count, echoes.received);
  const loss = sent === 0 ? 1 : (sent - echoes.received) / sent;
  const rtt = spread(echoes.rttsMs);
  const evidence = {
    address,
    sent,
    received: echoes.received,
    loss: Math.round(loss * 1_000) / 1_000,
    ...(rtt ? { rttMinMs: rtt.min, rttAvgMs: rtt.avg, rttMaxMs: rtt.max, jitterMs: rtt.jitter } : {}),
    ...(echoes.refusals.length > 0 ? { refusals: echoes.refusals } : {}),
  };
  return {
    outcome: judge({ sent, received: echoes.received, loss, maxLoss: max_loss, refusals: echoes.refusals }),
    phases: { ...dns, ...(rtt ? { firstByte: rtt.avg } : {}) },
    evidence,
    ...(rtt ? { tookMs: durationMs(rtt.avg) } : {}),
  };
}

function judge({ sent, received, loss, maxLoss, refusals }: { sent: number; received: number; loss: number; maxLoss: number; refusals: readonly string[] }): Sight['outcome'] {
  if (received > 0 && loss <= maxLoss) return { kind: 'pass' };
  const lost = `${sent - received} / ${sent}`;
  const [first] = refusals;
  if (received === 0) return first === undefined ? failed('timeout', `ICMP: ${lost} lost`) : failed('connect', `ICMP: ${first}`);
  return failed('timeout', `ICMP: ${lost} lost, ${Math.round(loss * 100)} % > ${Math.round(maxLoss * 100)} %`);
}
