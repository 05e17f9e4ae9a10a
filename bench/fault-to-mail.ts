/**
 * From the moment a service breaks (HTTP 500) to the alert mail accepted by an SMTP server, through the whole product.
 *   node bench/fault-to-mail.ts [ROUNDS]
 * The physical limit in the same run is half the probe interval: the next look comes no sooner on average.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startInstance, until } from '../test/instance.ts';
import { startMailServer, startTarget } from '../test/target.ts';

const rounds = Number(process.argv[2] ?? 10);
const schedules = [
  { name: 'shipped defaults (10 s, re-check after 1 s)', interval: '10s', confirm: '{ times: 1, after: 1s }', intervalMs: 10_000 },
  { name: '1 s schedule, no re-check', interval: '1s', confirm: '{ times: 0 }', intervalMs: 1_000 },
];

for (const [index, schedule] of schedules.entries()) {
  const home = mkdtempSync(join(tmpdir(), 'fenghuo-bench-'));
  mkdirSync(join(home, 'data'));
  const target = await startTarget();
  const mailServer = await startMailServer();
  const config = join(home, 'fenghuo.yaml');
  writeFileSync(
    config,
    `smtp: { url: "${mailServer.url}", from: "fenghuo@demo.example" }
services: [ { id: web, name: { zh-CN: 演示服务, en: Demo service } } ]
probes: [ { id: web-home, kind: http, service: web, url: "${target.url}", interval: ${schedule.interval}, confirm: ${schedule.confirm}, assert: [ { status: 2xx } ] } ]
rules: [ { alert: WebDown, kind: probe, probes: [web-home], fail: 1, of: 1, recover_after: 1, labels: { severity: warning, service: web }, annotations: {} } ]
alerting:
  route: { receiver: ops, group_by: [service], group_wait: 0s, group_interval: 1s, repeat_interval: 4h }
  receivers: [ { name: ops, email_configs: [ { to: ops@demo.example } ] } ]
`,
  );
  const instance = await startInstance({ dataDir: join(home, 'data'), port: 18_720 + index * 10, args: ['--config', config] });
  const took: number[] = [];
  for (let round = 0; round < rounds; round++) {
    // Never in step with the schedule.
    await sleep(2_000 + ((round * 7_919) % schedule.intervalMs));
    const before = mailServer.mails.length;
    const brokeAt = Date.now();
    target.broken = true;
    const mail = await until('the alert mail', async () => mailServer.mails[before], 60_000);
    took.push(mail.at - brokeAt);
    target.broken = false;
    await until('the recovery mail', async () => mailServer.mails[before + 1], 60_000);
  }
  took.sort((a, b) => a - b);
  const at = (share: number) => ((took[Math.min(took.length - 1, Math.ceil(share * took.length) - 1)] ?? 0) / 1000).toFixed(2);
  console.log(`${schedule.name}: median ${at(0.5)} s, p95 ${at(0.95)} s, max ${at(1)} s over ${rounds} rounds; half the interval is ${(schedule.intervalMs / 2000).toFixed(1)} s`);
  await instance.stop();
  await target.stop();
  await mailServer.stop();
  rmSync(home, { recursive: true, force: true });
}
