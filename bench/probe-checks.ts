/**
 * HTTP checks at a steady rate: CPU per check, storage included, and how exactly checks start; beside Prometheus with
 * blackbox_exporter when they are installed, on the same target in the same run.
 *   node bench/probe-checks.ts [PROBES…]      default 1000 5000
 * Budget: 1.0 ms of CPU per check, start error p99 10 ms.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startInstance } from '../test/instance.ts';
import { processTree } from '../test/process-tree.ts';

const intervalMs = 10_000;
const settleMs = 25_000;
const measureMs = 60_000;
const self = fileURLToPath(import.meta.url);

if (process.argv[2] === 'target') serveTarget();
else await main(process.argv.slice(2).map(Number));

/** The service that is looked at, in a process of its own: it notes when each path was asked for. */
function serveTarget(): void {
  let seen: [string, number][] = [];
  const server = createServer((request, response) => {
    seen.push([request.url ?? '', performance.timeOrigin + performance.now()]);
    response.end('ok');
  });
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
  process.on('message', () => {
    process.send?.({ seen });
    seen = [];
  });
}

interface Target {
  port: number;
  /** What was asked since the last call. */
  seen(): Promise<[string, number][]>;
  stop(): void;
}

async function startTarget(): Promise<Target> {
  const child = fork(self, ['target'], { execArgv: [] });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    port,
    async seen() {
      child.send('seen');
      const [{ seen }] = (await once(child, 'message')) as [{ seen: [string, number][] }];
      return seen;
    },
    stop: () => child.kill('SIGKILL'),
  };
}

async function main(sizes: readonly number[]): Promise<void> {
  const target = await startTarget();
  for (const probes of sizes.length > 0 ? sizes : [1_000, 5_000]) {
    await ours(probes, target);
    await peers(probes, target);
  }
  target.stop();
}

async function ours(probes: number, target: Target): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'fenghuo-bench-'));
  mkdirSync(join(home, 'data'));
  const one = (number: number) => `  - { id: p${number}, kind: http, service: web, url: "http://127.0.0.1:${target.port}/p${number}", interval: 10s, assert: [ { status: 2xx } ] }`;
  const config = join(home, 'fenghuo.yaml');
  writeFileSync(config, `services: [ { id: web, name: { zh-CN: 演示服务, en: Demo service } } ]\nprobes:\n${Array.from({ length: probes }, (_, number) => one(number)).join('\n')}\n`);
  const instance = await startInstance({ dataDir: join(home, 'data'), port: 18_740, args: ['--config', config] });
  await measure('fenghuo, stored and rolled up', target, [instance.child.pid ?? 0]);
  await instance.stop();
  rmSync(home, { recursive: true, force: true });
}

async function peers(probes: number, target: Target): Promise<void> {
  const programs = { prometheus: '/usr/bin/prometheus', blackbox: '/usr/bin/prometheus-blackbox-exporter' };
  const absent = Object.values(programs).filter((path) => !existsSync(path));
  if (absent.length > 0) return console.log(`  no peer in this run: ${absent.join(', ')} not installed`);
  const home = mkdtempSync(join(tmpdir(), 'fenghuo-bench-peer-'));
  writeFileSync(join(home, 'blackbox.yml'), 'modules: { http_2xx: { prober: http, timeout: 5s } }\n');
  const targets = Array.from({ length: probes }, (_, number) => `"http://127.0.0.1:${target.port}/p${number}"`).join(', ');
  writeFileSync(
    join(home, 'prometheus.yml'),
    `global: { scrape_interval: 10s, scrape_timeout: 5s }
scrape_configs:
  - job_name: web
    metrics_path: /probe
    params: { module: [http_2xx] }
    static_configs: [ { targets: [${targets}] } ]
    relabel_configs:
      - { source_labels: [__address__], target_label: __param_target }
      - { source_labels: [__param_target], target_label: instance }
      - { target_label: __address__, replacement: "127.0.0.1:18748" }
`,
  );
  const children: ChildProcess[] = [
    spawn(programs.blackbox, [`--config.file=${join(home, 'blackbox.yml')}`, '--web.listen-address=127.0.0.1:18748'], { stdio: 'ignore' }),
    spawn(programs.prometheus, [`--config.file=${join(home, 'prometheus.yml')}`, `--storage.tsdb.path=${join(home, 'tsdb')}`, '--web.listen-address=127.0.0.1:18749'], { stdio: 'ignore' }),
  ];
  await measure(
    'blackbox_exporter + Prometheus',
    target,
    children.map(({ pid }) => pid ?? 0),
  );
  for (const child of children) {
    child.kill('SIGKILL');
    if (child.exitCode === null) await once(child, 'exit');
  }
  rmSync(home, { recursive: true, force: true });
}

async function measure(name: string, target: Target, pids: readonly number[]): Promise<void> {
  const ticks = () => pids.flatMap((pid) => processTree(pid)).reduce((sum, { cpuTicks }) => sum + cpuTicks, 0);
  await sleep(settleMs);
  await target.seen();
  const before = ticks();
  await sleep(measureMs);
  const cpuMs = (ticks() - before) * 10;
  const seen = await target.seen();
  const rss = pids.flatMap((pid) => processTree(pid)).reduce((sum, { rssKb }) => sum + rssKb, 0) / 1024;
  const off = startErrors(seen);
  const at = (share: number) => (off[Math.ceil(share * off.length) - 1] ?? Number.NaN).toFixed(1);
  console.log(
    `${name}: ${new Set(seen.map(([path]) => path)).size} probes, ${seen.length} checks in ${measureMs / 1000} s; ${(cpuMs / seen.length).toFixed(2)} ms CPU per check; start error p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms; RSS ${Math.round(rss)} MB`,
  );
}

/** How far each start lies from its probe's own beat, which is the median of its starts within the interval; ascending, in ms. */
function startErrors(seen: readonly [string, number][]): number[] {
  const byPath = Map.groupBy(seen, ([path]) => path);
  const errors: number[] = [];
  for (const starts of byPath.values()) {
    const first = starts[0]?.[1] ?? 0;
    const drifts = starts.map(([, at], index) => at - first - index * intervalMs);
    // A start that did not come shifts all behind it by whole intervals; it shows in the number of checks, not here.
    const wrapped = drifts.map((drift) => drift - Math.round(drift / intervalMs) * intervalMs);
    const median = [...wrapped].sort((a, b) => a - b)[Math.floor(wrapped.length / 2)] ?? 0;
    errors.push(...wrapped.map((drift) => Math.abs(drift - median)));
  }
  return errors.sort((a, b) => a - b);
}
