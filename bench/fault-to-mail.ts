/**
 * From the moment a service breaks (HTTP 500, or no answer at all) to the alert mail accepted by an SMTP server, through the whole product.
 *   node bench/fault-to-mail.ts [ROUNDS] [SEED] [SCHEDULE]      default 20 1, and all three schedules; 1, 2 or 3 for one of them
 * The physical limit in the same run is half the probe interval: the next look comes no sooner on average.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startInstance, until } from '../test/instance.ts';
import { startMailServer, startTarget, type Target } from '../test/target.ts';

interface Schedule {
  name: string;
  /** What is written of the probe beside its address. */
  probe: string;
  outcomes: string;
  intervalMs: number;
  fault: 'broken' | 'hanging';
}

const schedules: readonly Schedule[] = [
  { name: 'HTTP 500, shipped defaults (10 s, re-check after 1 s)', probe: '', outcomes: '[fail]', intervalMs: 10_000, fault: 'broken' },
  { name: 'HTTP 500, 1 s schedule, no re-check', probe: 'interval: 1s, confirm: { times: 0 },', outcomes: '[fail]', intervalMs: 1_000, fault: 'broken' },
  { name: 'a hang, 1 s schedule, slow after 400 ms', probe: 'interval: 1s, timeout: 1s, slow_after: 400ms, confirm: { times: 0 },', outcomes: '[slow, fail]', intervalMs: 1_000, fault: 'hanging' },
];

const rounds = Number(process.argv[2] ?? 20);
let seed = Number(process.argv[3] ?? 1);
function chance(): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
}

const only = Number(process.argv[4] ?? 0);
for (const [index, schedule] of schedules.entries()) {
  if (only > 0 && index !== only - 1) continue;
  const took = (await measure(schedule, 18_720 + index * 10)).sort((a, b) => a - b);
  const at = (share: number) => ((took[Math.min(took.length - 1, Math.ceil(share * took.length) - 1)] ?? 0) / 1000).toFixed(2);
  console.log(
    `${schedule.name}: median ${at(0.5)} s, p95 ${at(0.95)} s, max ${at(1)} s over ${rounds} rounds; half the interval is ${(schedule.intervalMs / 2000).toFixed(1)} s; load ${loadavg()[0]?.toFixed(1)}`,
  );
}

async function measure(schedule: Schedule, port: number): Promise<number[]> {
  const home = mkdtempSync(join(tmpdir(), 'fenghuo-bench-'));
  mkdirSync(join(home, 'data'));
  const target = await startTarget();
  const mailServer = await startMailServer();
  const config = join(home, 'fenghuo.yaml');
  writeFileSync(
    config,
    `smtp: { url: "${mailServer.url}", from: "fenghuo@demo.example" }
services: [ { id: web, name: { zh-CN: 演示服务, en: Demo service } } ]
probes: [ { id: web-home, kind: http, service: web, url: "${target.url}", ${schedule.probe} assert: [ { status: 2xx } ] } ]
rules: [ { alert: WebDown, kind: probe, probes: [web-home], outcomes: ${schedule.outcomes}, recover_after: 1, labels: { severity: warning, service: web } } ]
alerting:
  route: { receiver: ops, group_by: [service], group_wait: 0s, group_interval: 1s, repeat_interval: 4h }
  receivers: [ { name: ops, email_configs: [ { to: ops@demo.example } ] } ]
`,
  );
  const instance = await startInstance({ dataDir: join(home, 'data'), port, args: ['--config', config] });
  const took: number[] = [];
  for (let round = 0; round < rounds; round++) took.push(await onceBroken(schedule, { target, mails: mailServer.mails, phase: (round + chance()) / rounds }));
  await instance.stop();
  await target.stop();
  await mailServer.stop();
  rmSync(home, { recursive: true, force: true });
  return took;
}

async function onceBroken({ intervalMs, fault }: Schedule, { target, mails, phase }: { target: Target; mails: readonly { at: number }[]; phase: number }): Promise<number> {
  // A moment by chance within each part of the interval, so many parts as rounds: what is measured is the product, not the luck of twenty draws.
  await sleep(2_000);
  const { lastAt } = target.answered;
  await until('the next look', async () => target.answered.lastAt > lastAt, 60_000);
  await sleep(Math.max(0, target.answered.lastAt + phase * intervalMs - Date.now()));
  const before = mails.length;
  const brokeAt = Date.now();
  target[fault] = true;
  const mail = await until('the alert mail', async () => mails[before], 60_000);
  target[fault] = false;
  await until('the recovery mail', async () => mails[before + 1], 60_000);
  return mail.at - brokeAt;
}
