/**
 * A healthy service behind a lossy network must call nobody: 1,000 http probes with shipped defaults (10 s, time-out 5 s, one re-check after
 * 1 s) and a rule with shipped defaults, the whole product in a network namespace of its own in which every packet, of DNS, of TCP, to the
 * stores and to the mail server, is lost with a chance of 0.5 %. Half of the probes look their target up by name.
 *   node bench/no-false-alarm.ts [MINUTES] [PROBES]      default 60 1000
 * Needs root, `ip` and `nft`. At the end three targets are broken for real, to show that the alarm was on the whole time. Exit 1 on a false alarm.
 */
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Instance, startInstance, until } from '../test/instance.ts';
import { openConsole } from '../test/kill-site.ts';
import { startMailServer } from '../test/target.ts';

const self = fileURLToPath(import.meta.url);
const lossPerThousand = 5;
const targetPort = 18_765;
const domain = 'shop.example';

function run(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr ?? 'not installed'}`);
}

/** Makes the namespace and runs itself within. A queue discipline that loses packets is no part of every kernel; a filter rule on arrival does the same to every packet. */
async function outside(minutes: number, probes: number): Promise<number> {
  const name = `fenghuo-loss-${process.pid}`;
  const within = (command: string, ...args: string[]) => run('ip', ['netns', 'exec', name, command, ...args]);
  mkdirSync(`/etc/netns/${name}`, { recursive: true });
  writeFileSync(`/etc/netns/${name}/resolv.conf`, 'nameserver 127.0.0.1\n');
  run('ip', ['netns', 'add', name]);
  try {
    within('ip', 'link', 'set', 'lo', 'up');
    within('nft', 'add table inet loss');
    within('nft', 'add chain inet loss arriving { type filter hook input priority 0; policy accept; }');
    within('nft', `add rule inet loss arriving iif lo counter numgen random mod 1000 < ${lossPerThousand} counter drop`);
    const child = spawn('ip', ['netns', 'exec', name, process.execPath, self, 'inside', String(minutes), String(probes)], { stdio: 'inherit' });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 3;
  } finally {
    spawnSync('ip', ['netns', 'del', name]);
    rmSync(`/etc/netns/${name}`, { recursive: true, force: true });
  }
}

/** The service that is looked at and the name server that knows it, in a process of their own. */
function serveTarget(): void {
  const broken = new Set<string>();
  const server = createServer((request, response) => {
    response.statusCode = broken.has(request.url ?? '') ? 500 : 200;
    response.end('ok');
  });
  server.listen({ port: targetPort, host: '127.0.0.1', backlog: 4_096 }, () => process.send?.('ready'));
  process.on('message', (path: string) => broken.add(path));
  process.on('disconnect', () => process.exit());
  const names = createSocket('udp4', (question, { port, address }) => names.send(nameAnswer(question), port, address));
  names.bind(53, '127.0.0.1');
}

/** Every name leads here: one A record, and nothing for any other type. */
function nameAnswer(question: Buffer): Buffer {
  let end = 12;
  while (question[end]) end += 1 + (question[end] ?? 0);
  const asked = question.subarray(12, end + 5);
  const isA = asked.readUInt16BE(asked.length - 4) === 1;
  const head = Buffer.from([question[0] ?? 0, question[1] ?? 0, 0x81, 0x80, 0, 1, 0, isA ? 1 : 0, 0, 0, 0, 0]);
  return Buffer.concat([head, asked, isA ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]) : Buffer.alloc(0)]);
}

const addressOf = (number: number): string => `http://${number % 2 === 0 ? '127.0.0.1' : `p${number}.${domain}`}:${targetPort}/p${number}`;

async function inside(minutes: number, probes: number): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), 'fenghuo-bench-'));
  mkdirSync(join(home, 'data'));
  const target = fork(self, ['target'], { execArgv: [] });
  await once(target, 'message');
  const mailServer = await startMailServer();
  const config = join(home, 'fenghuo.yaml');
  const ids = Array.from({ length: probes }, (_, number) => `p${number}`);
  writeFileSync(
    config,
    `smtp: { url: "${mailServer.url}", from: "fenghuo@demo.example" }
services: [ { id: web, name: { zh-CN: 演示服务, en: Demo service } } ]
probes:
${ids.map((id, number) => `  - { id: ${id}, kind: http, service: web, url: "${addressOf(number)}" }`).join('\n')}
rules:
  - { alert: ProbeFailing, kind: probe, probes: [${ids.join(', ')}] }
alerting:
  route: { receiver: ops, group_by: [service], group_wait: 1s, group_interval: 10s, repeat_interval: 4h }
  receivers: [ { name: ops, email_configs: [ { to: ops@demo.example } ] } ]
`,
  );
  const instance = await startInstance({ dataDir: join(home, 'data'), port: 18_760, args: ['--config', config] });
  try {
    return await watch({ instance, target, mails: mailServer.mails, minutes, probes });
  } finally {
    await instance.stop();
    await mailServer.stop();
    target.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  }
}

interface Watched {
  instance: Instance;
  target: ChildProcess;
  mails: readonly { subject: string }[];
  minutes: number;
  probes: number;
}

async function watch({ instance, target, mails, minutes, probes }: Watched): Promise<number> {
  const { ask } = await openConsole(instance);
  // The question is put over the same lossy network, on a machine that may be busy.
  const query = (sql: string) => until('the counts', async () => ((await ask(`/api/v1/query?sql=${encodeURIComponent(sql)}`)) as { data: Record<string, string | number>[] }).data, 180_000);
  for (let minute = 0; minute < minutes; minute++) {
    await sleep(60_000);
    if ((minute + 1) % 5 === 0) console.error(`  ${minute + 1} min: ${JSON.stringify((await query(countsSql))[0])}, ${mails.length} mails, load ${loadavg()[0]?.toFixed(2)}`);
  }
  const [counts = {}] = await query(countsSql);
  const transitions = await query(`SELECT to_state, count() AS n FROM alert_transitions GROUP BY to_state`);
  const reasons = await query(`SELECT outcome, failure, reason, count() AS n FROM checks WHERE outcome IN ('fail', 'unknown') GROUP BY outcome, failure, reason ORDER BY n DESC LIMIT 10`);
  const falseMails = mails.length;
  const expected = Math.round((minutes * 60 * probes) / 10);
  console.log(
    `${minutes} min, ${probes} healthy probes, ${lossPerThousand / 10} % of all packets lost: ${JSON.stringify(counts)} (about ${expected} scheduled); alert changes ${JSON.stringify(transitions)}; mails ${falseMails}`,
  );
  for (const row of reasons) console.log(`  ${JSON.stringify(row)}`);
  console.log(`  ${lossText()}; said by the product: ${instance.stderr().split('\n').slice(-6).join(' | ').slice(0, 600)}`);
  for (const number of [1, 2, 3]) target.send(`/p${number}`);
  const brokeAt = performance.now();
  await until('the mail about three targets broken for real', async () => mails.length > falseMails, 60_000);
  console.log(`  three targets broken for real: mail after ${((performance.now() - brokeAt) / 1000).toFixed(1)} s`);
  return falseMails === 0 && transitions.length === 0 ? 0 : 1;
}

const countsSql = `SELECT countIf(attempt = 0) AS checks, countIf(outcome = 'pass') AS pass, countIf(outcome = 'slow') AS slow, countIf(outcome = 'fail' AND attempt = 0) AS failed, countIf(outcome = 'unknown') AS unknown, countIf(attempt > 0) AS rechecks, countIf(attempt > 0 AND outcome = 'fail') AS failed_rechecks, round(max(duration_ms)) AS longest_ms FROM checks`;

/** What the kernel says it lost: a run in which nothing was lost proves nothing. */
function lossText(): string {
  const { stdout } = spawnSync('nft', ['list', 'ruleset'], { encoding: 'utf8' });
  const [seen, lost] = [...stdout.matchAll(/counter packets (\d+)/g)].map(([, packets]) => Number(packets));
  return `${lost} of ${seen} packets lost (${(((lost ?? 0) / (seen ?? 1)) * 100).toFixed(2)} %)`;
}

const [mode = '60', ...rest] = process.argv.slice(2);
if (mode === 'target') serveTarget();
else if (mode === 'inside') process.exitCode = await inside(Number(rest[0]), Number(rest[1]));
else process.exitCode = await outside(Number(mode), Number(rest[0] ?? 1_000));
