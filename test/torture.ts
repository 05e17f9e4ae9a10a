/**
 * Numbered lines through everything that happens to a log: rotation by rename and by copying, while the reader runs and while it is down,
 * lines written in pieces, kill -9 of the engine, of Postgres and of the whole tree, an engine that hangs, a disk that is full.
 *   node test/torture.ts [--lines 5000000] [--events 200] [--seed 1]
 * Afterwards every line is in the store exactly once, and in every rollup.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Instance, killNow, startInstance, until } from './instance.ts';
import { openConsole, pidOf } from './kill-site.ts';

const { values: options } = parseArgs({
  options: { lines: { type: 'string', default: '5000000' }, events: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' }, port: { type: 'string', default: '18950' } },
});
const total = Number(options.lines);
const eventCount = Number(options.events);
if (!(total > 0) || !(eventCount > 0)) {
  console.error('usage: node test/torture.ts [--lines N] [--events N] [--seed N]');
  process.exit(2);
}

let seed = Number(options.seed);
const chance = () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
};

const port = Number(options.port);
const home = mkdtempSync(join(tmpdir(), 'fenghuo-torture-'));
const logs = join(home, 'logs');
const dataDir = join(home, 'data');
for (const dir of [logs, dataDir]) mkdirSync(dir);
const config = join(home, 'fenghuo.yaml');
writeFileSync(
  config,
  `services: [ { id: web, name: { zh-CN: 演示服务, en: Demo service } } ]
sources: [ { id: load, kind: file, service: web, paths: ["${logs}/*.log", "${logs}/*.log.*"], format: combined } ]
`,
);
/** A small disk of its own can be filled without harm; mounting one needs root. */
const ownDisk = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6g', 'tmpfs', dataDir]).status === 0;

let written = 0;
const generations = new Map<string, number>();
const files = ['a', 'b', 'c'].map((name) => join(logs, `${name}.log`));
for (const file of files) writeFileSync(file, '');
const oneOf = <T>(all: readonly T[]): T => all[Math.floor(chance() * all.length)] as T;

function lineOf(number: number): string {
  const at = new Date(Date.now() - (number % 3) * 1000).toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1/$2/$3:$4 +0000');
  return `192.0.2.${number % 250} - - [${at}] "GET /item/${number} HTTP/1.1" ${number % 50 === 0 ? 500 : 200} 512 "-" "torture" rt=0.0${10 + (number % 80)}\n`;
}

function write(file: string, count: number): void {
  const end = Math.min(total, written + count);
  let text = '';
  for (; written < end; written++) text += lineOf(written);
  appendFileSync(file, text);
}

/** The end of a line comes later than its beginning. */
async function writeInPieces(file: string): Promise<void> {
  if (written >= total) return;
  const bytes = Buffer.from(lineOf(written++));
  const cut = 1 + Math.floor(chance() * (bytes.length - 2));
  appendFileSync(file, bytes.subarray(0, cut));
  await sleep(chance() * 400);
  appendFileSync(file, bytes.subarray(cut));
}

function nextGeneration(file: string): string {
  const number = (generations.get(file) ?? 0) + 1;
  generations.set(file, number);
  return `${file}.${number}`;
}

function rename(file: string): void {
  const old = nextGeneration(file);
  renameSync(file, old);
  // A server goes on writing to the old file until it is told to open the new one.
  write(old, Math.floor(chance() * 50));
  writeFileSync(file, '');
}

function copyAndTruncate(file: string): void {
  copyFileSync(file, nextGeneration(file));
  truncateSync(file, 0);
}

function between(file: string, rotate: (file: string) => void): void {
  write(file, 500);
  rotate(file);
  write(file, 500);
}

let instance: Instance = await startInstance({ dataDir, port, args: ['--config', config] });
const { ask } = await openConsole(instance);
const answers = () => until('the stores to answer', () => ask('/api/v1/query?sql=SELECT%201'), 120_000);
/** A process that is just being started again is waited for. */
const processLike = (pattern: RegExp) => until(`a process like ${pattern}`, async () => pidOf(instance, pattern), 60_000);
const engine = () => processLike(/embedded\/child\.ts/);

async function whileDown(task: () => void): Promise<void> {
  await instance.killTree();
  task();
  instance = await startInstance({ dataDir, port, args: ['--config', config] });
}

async function fullDisk(): Promise<void> {
  const ballast = join(dataDir, 'ballast');
  const { bavail, bsize } = statfsSync(dataDir);
  spawnSync('fallocate', ['-l', String(Math.max(1, bavail * bsize - 200_000)), ballast]);
  write(oneOf(files), 20_000);
  await sleep(4_000);
  rmSync(ballast, { force: true });
}

const events: Record<string, (file: string) => Promise<void>> = {
  rename: async (file) => rename(file),
  'copy and truncate': async (file) => copyAndTruncate(file),
  pieces: writeInPieces,
  burst: async (file) => write(file, Math.floor(total / 100)),
  'rename while down': (file) => whileDown(() => between(file, rename)),
  'copy and truncate while down': (file) => whileDown(() => between(file, copyAndTruncate)),
  'kill the tree': () => whileDown(() => {}),
  'kill the engine': async () => killNow(await engine()),
  'kill Postgres': async () => killNow(await processLike(/bin\/postgres -D/)),
  'engine hangs': async () => {
    const pid = await engine();
    process.kill(pid, 'SIGSTOP');
    await sleep(1_500);
    process.kill(pid, 'SIGCONT');
  },
  ...(ownDisk && { 'full disk': fullDisk }),
};
/** What costs a restart comes less often than what happens every day. */
const often = ['rename', 'copy and truncate', 'pieces', 'pieces', 'burst'];
const tally = new Map<string, number>();
const from = performance.now();
let ok = false;
try {
  for (let number = 0; number < eventCount; number++) {
    const name = chance() < 0.6 ? oneOf(often) : oneOf(Object.keys(events));
    tally.set(name, (tally.get(name) ?? 0) + 1);
    const share = Math.ceil((total - written) / (eventCount - number));
    for (const file of files) write(file, Math.floor((share / 3) * chance() * 2));
    await events[name]?.(oneOf(files));
    if (number % 20 === 19) console.log(`${number + 1} events, ${written} lines written, ${Math.round((performance.now() - from) / 1000)} s`);
  }
  while (written < total) write(oneOf(files), 50_000);
  await answers();
  ok = await judge();
} finally {
  const code = await instance.stop();
  console.log(`ended with code ${code}`);
  if (!ok) console.log(instance.stderr().slice(-4_000));
  if (ownDisk) spawnSync('umount', [dataDir]);
  if (existsSync(home)) rmSync(home, { recursive: true, force: true });
}
process.exit(ok ? 0 : 1);

async function judge(): Promise<boolean> {
  const rows = async (sql: string) => ((await ask(`/api/v1/query?sql=${encodeURIComponent(sql)}`)) as { data: Record<string, number>[] }).data;
  const number = `toUInt32OrZero(extract(body, '/item/([0-9]+) '))`;
  const truths = async () => ({
    rows: Number((await rows('SELECT count() AS n FROM logs'))[0]?.n),
    different: Number((await rows(`SELECT groupBitmap(${number}) AS n FROM logs`))[0]?.n),
    rollups: await Promise.all(['10s', '1m', '1h'].map(async (step) => Number((await rows(`SELECT sum(total) AS n FROM request_${step}`))[0]?.n))),
  });
  // Until nothing has come for a while: fewer are lost, more are doubled.
  let found = await truths();
  for (let still = 0; still < 8; ) {
    await sleep(3_000);
    const before = found.rows;
    found = await truths();
    still = found.rows === before ? still + 1 : 0;
  }
  const good = found.rows === total && found.different === total && found.rollups.every((sum) => sum === total);
  console.log(`${[...tally].map(([name, times]) => `${times} × ${name}`).join(', ')}${ownDisk ? '' : '; no full disk: mounting one is not allowed here'}`);
  console.log(
    `${good ? 'ok  ' : 'FAIL'} ${total} lines written, ${found.rows} rows, ${found.different} different; in the rollups ${found.rollups.join(', ')}; ${Math.round((performance.now() - from) / 1000)} s`,
  );
  // Read twice, or sent twice? The moment of reading tells.
  if (!good)
    console.log(
      await rows(
        `SELECT moments, count() AS numbers, min(number) AS first, max(number) AS last FROM (SELECT ${number} AS number, groupUniqArray(observed) AS moments FROM logs GROUP BY number HAVING count() > 1) GROUP BY moments LIMIT 20`,
      ),
    );
  if (!good)
    console.log(
      await rows(
        `SELECT intDiv(${number}, 1000) AS thousand, count() AS lines, uniqExact(${number}) AS different FROM logs GROUP BY thousand HAVING lines != 1000 OR different != 1000 ORDER BY thousand LIMIT 20`,
      ),
    );
  return good;
}
