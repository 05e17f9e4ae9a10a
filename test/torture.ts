/**
 * Numbered lines through everything that happens to a log (test/numbered-logs.ts) and to its reader: kill -9 of the whole tree, of the
 * first process alone, of the engine and of Postgres; an orderly stop, and a kill in the middle of one; an engine that hangs; a disk that
 * is full, that of the buffer and that of the stores.
 *   node test/torture.ts [--lines 5000000] [--events 200] [--seed 1] [--port 18950]
 * Afterwards every line is in the store exactly once, and in every bucket of every rollup.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Instance, killNow, startInstance, until } from './instance.ts';
import { openConsole, pidOf } from './kill-site.ts';
import { NumberedLogs } from './numbered-logs.ts';
import { holdersOf } from './process-tree.ts';
import { judge } from './torture-judge.ts';

const { values: options } = parseArgs({
  options: { lines: { type: 'string', default: '5000000' }, events: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' }, port: { type: 'string', default: '18950' } },
});
const total = Number(options.lines);
const eventCount = Number(options.events);
if (!(total > 0) || !(eventCount > 0)) {
  console.error('usage: node test/torture.ts [--lines N] [--events N] [--seed N] [--port N]');
  process.exit(2);
}

let seed = Number(options.seed);
const chance = () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
};
const oneOf = <T>(all: readonly T[]): T => all[Math.floor(chance() * all.length)] as T;

const port = Number(options.port);
const home = mkdtempSync(join(tmpdir(), 'fenghuo-torture-'));
const dir = join(home, 'logs');
const dataDir = join(home, 'data');
const spoolDir = join(dataDir, 'spool');
const config = join(home, 'fenghuo.yaml');
mkdirSync(dir);
writeFileSync(
  config,
  `services: [ { id: web, name: { zh-CN: 演示服务, en: Demo service } } ]
sources: [ { id: load, kind: file, service: web, paths: ["${dir}/*.log", "${dir}/*.log.*", "${dir}/*.log-*"], format: combined } ]
spool: { max_megabytes: 600 }
`,
);
/** Small disks of its own can be filled without harm; mounting them needs root. */
const mounted = [dataDir, spoolDir].filter((path, index) => {
  mkdirSync(path);
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${['6g', '1g'][index]}`, 'tmpfs', path]).status === 0;
});
const ownDisks = mounted.length === 2;

const logs = new NumberedLogs({ dir, total, chance, pause: (mostMs) => sleep(chance() * mostMs) });
const { files } = logs;
const write = logs.write.bind(logs);
let instance: Instance = await startInstance({ dataDir, port, args: ['--config', config] });
const { ask } = await openConsole(instance);
const query = async (sql: string) => ((await ask(`/api/v1/query?sql=${encodeURIComponent(sql)}`)) as { data: Record<string, unknown>[] }).data;
/** All the lines at once come near the limit of a question's time: on a busy machine it is asked again. */
const patiently = (sql: string) => until(`an answer to ${sql.slice(0, 100)}`, () => query(sql), 300_000);
const answers = () => until('the stores to answer', () => ask('/api/v1/query?sql=SELECT%201'), 120_000);
const started = async () => {
  instance = await startInstance({ dataDir, port, args: ['--config', config] });
};
/** A process that is just being started again is waited for. */
const processLike = (pattern: RegExp) => until(`a process like ${pattern}`, async () => pidOf(instance, pattern), 60_000);
const engine = () => processLike(/embedded\/child\.ts/);
const everythingStored = () => until('every line to be stored', async () => Number((await query('SELECT count() AS n FROM logs'))[0]?.n) >= logs.written, 1_200_000);

async function whileDown(task: () => void): Promise<void> {
  await instance.killTree();
  task();
  await started();
}

async function afterReading(task: () => void | Promise<void>): Promise<void> {
  await everythingStored();
  await task();
}

function between(file: string, rotate: (file: string) => void): void {
  write(file, 500);
  rotate(file);
  write(file, 500);
}

async function fullDisk(path: string): Promise<void> {
  const ballast = join(path, 'ballast');
  const { bavail, bsize } = statfsSync(path);
  spawnSync('fallocate', ['-l', String(Math.max(1, bavail * bsize - 200_000)), ballast]);
  write(oneOf(files), 20_000);
  await sleep(4_000);
  rmSync(ballast, { force: true });
}

const events: Record<string, (file: string) => Promise<void>> = {
  rename: async (file) => logs.rename(file),
  'copy and truncate': async (file) => logs.copyAndTruncate(file),
  'copy slowly and truncate': (file) => logs.copySlowlyAndTruncate(file),
  compress: (file) => logs.compress(file),
  pieces: (file) => logs.writeInPieces(file),
  burst: async (file) => write(file, Math.floor(total / 100)),
  'rename while down': (file) => whileDown(() => between(file, (old) => logs.rename(old))),
  'copy and truncate while down': (file) => whileDown(() => between(file, (old) => logs.copyAndTruncate(old))),
  'empty and refill': (file) => afterReading(() => logs.emptyAndRefill(file)),
  'empty and refill while down': (file) => afterReading(() => whileDown(() => logs.emptyAndRefill(file))),
  'remove and create': (file) => afterReading(() => logs.removeAndCreate(file)),
  'remove the oldest': (file) => afterReading(() => logs.removeOldest(file)),
  'kill the tree': () => whileDown(() => {}),
  'kill the first process': async () => {
    killNow(instance.pid);
    await until('the first process to be gone', async () => instance.child.signalCode !== null);
    await started();
  },
  restart: async () => {
    await instance.stop();
    await started();
  },
  'kill while stopping': async () => {
    instance.child.kill('SIGTERM');
    await sleep(chance() * 1_500);
    await instance.killTree();
    await started();
  },
  'kill the engine': async () => killNow(await engine()),
  'kill Postgres': async () => killNow(await processLike(/bin\/postgres -D/)),
  'engine hangs': async () => {
    const pid = await engine();
    process.kill(pid, 'SIGSTOP');
    await sleep(1_500);
    process.kill(pid, 'SIGCONT');
  },
  ...(ownDisks && { 'full disk of the buffer': () => fullDisk(spoolDir), 'full disk of the stores': () => fullDisk(dataDir) }),
};
/** What costs a restart comes less often than what happens every day. */
const often = ['rename', 'copy and truncate', 'copy slowly and truncate', 'compress', 'pieces', 'pieces', 'burst'];
const tally = new Map<string, number>();
const from = performance.now();
const seconds = (): number => Math.round((performance.now() - from) / 1000);
let ok = false;
try {
  for (let number = 0; number < eventCount; number++) {
    const name = chance() < 0.6 ? oneOf(often) : oneOf(Object.keys(events));
    tally.set(name, (tally.get(name) ?? 0) + 1);
    const share = Math.ceil((total - logs.written) / (eventCount - number));
    for (const file of files) write(file, Math.floor((share / 3) * chance() * 2));
    console.log(`${new Date().toISOString()} ${number + 1}. ${name}, ${logs.written} lines written`);
    await events[name]?.(oneOf(files));
    // Some things follow one another at once, others are seen as they happen.
    if (chance() < 0.5) await sleep(chance() * 600);
  }
  while (logs.written < total) write(oneOf(files), 50_000);
  await answers();
  console.log(`${[...tally].map(([name, times]) => `${times} × ${name}`).join(', ')}${ownDisks ? '' : '; no full disk: mounting one is not allowed here'}; ${seconds()} s`);
  ok = await judge(patiently, total);
} catch (error) {
  // Said at once: what is torn down afterwards may fail of the same cause.
  console.log(error);
} finally {
  const code = await instance.stop();
  console.log(`ended with code ${code} after ${seconds()} s`);
  const left = holdersOf(home);
  if (left.length > 0) {
    ok = false;
    console.log(`FAIL it has ended, and its files are still held by ${left.join('; ')}`);
    await until('its files to be let go', async () => holdersOf(home).length === 0).catch(console.log);
  }
  if (!ok) console.log(instance.stderr().slice(-4_000));
  for (const path of mounted.reverse()) spawnSync('umount', [path]);
  if (existsSync(home)) rmSync(home, { recursive: true, force: true });
}
process.exit(ok ? 0 : 1);
