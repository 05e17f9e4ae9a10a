/**
 * kill -9 of the engine child, of Postgres and of the whole process tree, each in the middle of load.
 *   node test/kill-rounds.ts [--rounds 10] [--what engine,postgres,tree] [--seed 1]
 * Afterwards: no acknowledged row lost or doubled (raw = every rollup), each episode told once and its end once, the incident and its run where they were.
 */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Instance, killNow, startInstance, until } from './instance.ts';
import { processTree } from './process-tree.ts';
import { rowTruths } from './row-truths.ts';
import { startMailServer, startTarget } from './target.ts';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '10' }, what: { type: 'string', default: 'engine,postgres,tree' }, seed: { type: 'string', default: '1' } } });
const rounds = Number(options.rounds);
const home = mkdtempSync(join(tmpdir(), 'fenghuo-kill-'));
const dataDir = join(home, 'data');
const log = join(home, 'access.log');
mkdirSync(dataDir, { recursive: true });
const target = await startTarget();
const mailServer = await startMailServer();
writeFileSync(log, '');
writeFileSync(
  join(home, 'fenghuo.yaml'),
  `site: { name: { zh-CN: 演示, en: Demo }, zone: Asia/Shanghai }
smtp: { url: "${mailServer.url}", from: "fenghuo@demo.example" }
services: [ { id: web, name: { zh-CN: 演示服务, en: Demo service } } ]
probes: [ { id: web-home, kind: http, service: web, url: "${target.url}", interval: 1s, timeout: 1s, slow_after: 500ms, confirm: { times: 1, after: 200ms }, assert: [ { status: 2xx } ] } ]
sources: [ { id: load, kind: file, service: web, paths: ["${log}"], format: combined } ]
rules: [ { alert: WebDown, kind: probe, probes: [web-home], fail: 2, of: 3, labels: { severity: critical, service: web }, annotations: { runbook: errors } } ]
alerting:
  route: { receiver: ops, group_by: [service], group_wait: 1s, group_interval: 2s, repeat_interval: 4h }
  receivers: [ { name: ops, email_configs: [ { to: ops@demo.example } ] } ]
`,
);

let seed = Number(options.seed);
const chance = () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
};

const port = 18_900;
const start = () => startInstance({ dataDir, port, args: ['--config', join(home, 'fenghuo.yaml')] });
let instance: Instance = await start();

// A writer of its own that never stops: 400 lines a second, each with its own number.
let written = 0;
let writing = true;
const writer = (async () => {
  while (writing) {
    let lines = '';
    for (let count = 0; count < 40; count++) {
      const at = new Date().toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1/$2/$3:$4 +0000');
      lines += `192.0.2.${written % 250} - - [${at}] "GET /item/${written++} HTTP/1.1" ${written % 50 === 0 ? 500 : 200} 512 "-" "kill-rounds" rt=0.0${10 + (written % 80)}\n`;
    }
    appendFileSync(log, lines);
    await sleep(100);
  }
})();

const cookie = await signIn(instance);
const ask = async (path: string): Promise<Record<string, unknown>> => {
  const answer = await fetch(`${instance.url}${path}`, { headers: { cookie } });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return (await answer.json()) as Record<string, unknown>;
};

async function signIn({ url, signIn: link }: Instance): Promise<string> {
  const token = new URL(link).searchParams.get('token');
  const answer = await fetch(`${url}/api/v1/sign-in/link`, { method: 'POST', headers: { 'content-type': 'application/json', origin: url }, body: JSON.stringify({ token }) });
  if (!answer.ok) throw new Error(`signing in answered ${answer.status}: ${await answer.text()}`);
  return answer.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
}

interface Incident {
  id: string;
  state: string;
  runbook: { step: number } | null;
}
const incidents = async () => (await ask('/api/v1/incidents?state=open')).incidents as Incident[];

const kill = {
  engine: () => Promise.resolve(killNow(pidOf(/embedded\/child\.ts|engine-child/))),
  postgres: () => Promise.resolve(killNow(pidOf(/bin\/postgres/))),
  async tree() {
    await instance.killTree();
    instance = await start();
  },
};
function pidOf(pattern: RegExp): number {
  const found = processTree(instance.child.pid ?? -1).find(({ command }) => pattern.test(command));
  if (!found)
    throw new Error(
      `no process like ${pattern}:\n${processTree(instance.child.pid ?? -1)
        .map(({ command }) => command)
        .join('\n')}`,
    );
  return found.pid;
}

const problems: string[] = [];
const check = (good: boolean, text: string) => {
  if (!good) problems.push(text);
  console.log(`  ${good ? 'ok  ' : 'FAIL'} ${text}`);
};
let episodes = 0;

for (const what of (options.what ?? '').split(',') as (keyof typeof kill)[]) {
  for (let round = 1; round <= rounds; round++) {
    const breaking = round % 2 === 1;
    const before = breaking ? undefined : (await incidents())[0];
    const mailsBefore = distinctMails().length;
    target.broken = breaking;
    if (breaking) episodes++;
    const waitMs = Math.round(200 + chance() * 5000);
    await sleep(waitMs);
    const from = performance.now();
    await kill[what]();
    await until('ready again', async () => (await fetch(`${instance.url}/readyz`)).status === 200, 60_000);
    const readyMs = Math.round(performance.now() - from);
    await until(breaking ? 'the mail that it fires' : 'the mail that it ended', async () => distinctMails().length > mailsBefore, 90_000);
    if (breaking) await until('an open incident', async () => (await incidents()).length > 0);
    const now = breaking ? undefined : ((await ask('/api/v1/incidents?state=all')).incidents as Incident[]).find(({ id }) => id === before?.id);
    check(
      breaking || now !== undefined,
      `${what} ${round}: killed ${waitMs} ms after it ${breaking ? 'broke' : 'was mended'}, ready in ${readyMs} ms, told once${breaking ? '' : `, incident ${before?.id} kept its place (step ${before?.runbook?.step ?? '–'} → ${now?.runbook?.step ?? '–'})`}`,
    );
    await sleep(3000);
  }
}

writing = false;
await writer;
function distinctMails(): string[] {
  return [...new Set(mailServer.mails.map(({ messageId }) => messageId))];
}

const truths = await until(
  'every line stored',
  async () => {
    const found = await rowTruths(ask);
    return found.logs >= written ? found : undefined;
  },
  120_000,
).catch(() => rowTruths(ask));
check(truths.logs === written && truths.distinctPaths === written, `${written} lines written, ${truths.logs} rows, ${truths.distinctPaths} different ones`);
check(
  truths.requestRollups.every((total) => total === truths.logs),
  `requests in rollups 10 s, 1 min, 1 h: ${truths.requestRollups.join(', ')}; histogram ${truths.requestHistograms.join(', ')}`,
);
check(
  truths.requestHistograms.every((total) => total === truths.logs),
  'every request stands once in every histogram',
);
check(
  truths.checkRollups.every((total) => total === truths.checks),
  `${truths.checks} checks; rollups ${truths.checkRollups.join(', ')}`,
);
const first = mailServer.mails.length - distinctMails().length;
check(distinctMails().length === episodes * 2, `${episodes} episodes, ${distinctMails().length} different mails; ${first} sent again with the same Message-ID`);
await instance.stop();
await target.stop();
await mailServer.stop();
rmSync(home, { recursive: true, force: true });
console.log(problems.length === 0 ? 'nothing lost, nothing doubled' : `${problems.length} problems:\n${problems.join('\n')}`);
process.exit(problems.length === 0 ? 0 : 1);
