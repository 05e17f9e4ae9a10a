/** Debian's Prometheus with a configuration of its own, asked by its API. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './instance.ts';

/** Where the program is: the system's, or unpacked from Debian's package without installing it; else why there is none. */
export function findPrometheus(): { program: string } | { missing: string } {
  if (existsSync('/usr/bin/prometheus')) return { program: '/usr/bin/prometheus' };
  const dir = mkdtempSync(join(tmpdir(), 'fenghuo-prometheus-'));
  const fetched = spawnSync('apt-get', ['download', 'prometheus'], { cwd: dir, encoding: 'utf8', timeout: 120_000 });
  const [package_] = fetched.status === 0 ? readdirSync(dir).filter((name) => name.endsWith('.deb')) : [];
  if (package_ === undefined) return { missing: `apt-get download prometheus: ${fetched.stderr || String(fetched.error ?? 'nothing came')}` };
  const unpacked = spawnSync('dpkg', ['-x', join(dir, package_), dir], { encoding: 'utf8' });
  return unpacked.status === 0 ? { program: join(dir, 'usr/bin/prometheus') } : { missing: `dpkg -x: ${unpacked.stderr}` };
}

type Labels = Record<string, string>;

export interface Prometheus {
  address: string;
  /** Every raw sample of a range selector, as Prometheus writes values. */
  query(expression: string, at?: number): Promise<{ metric: Labels; value?: [number, string]; values?: [number, string][] }[]>;
  series(matcher: string): Promise<Labels[]>;
  stop(): Promise<void>;
}

export async function startPrometheus({ program, home, port, config }: { program: string; home: string; port: number; config: string }): Promise<Prometheus> {
  const dir = join(home, 'prometheus');
  mkdirSync(dir);
  writeFileSync(join(dir, 'prometheus.yml'), config);
  const address = `127.0.0.1:${port}`;
  const child = spawn(program, [`--config.file=${dir}/prometheus.yml`, `--storage.tsdb.path=${dir}/data`, `--web.listen-address=${address}`, '--log.level=warn'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-4_000)));
  const ask = async <Data>(path: string): Promise<Data> => {
    const answer = (await (await fetch(`http://${address}/api/v1/${path}`)).json()) as { status: string; data: Data; error?: string };
    if (answer.status !== 'success') throw new Error(`Prometheus: ${answer.error}`);
    return answer.data;
  };
  await until('Prometheus to be ready', async () => (await fetch(`http://${address}/-/ready`)).ok, 60_000).catch((error: Error) => Promise.reject(new Error(`${error.message}\n${said}`)));
  return {
    address,
    query: async (expression, at) =>
      (await ask<{ result: Awaited<ReturnType<Prometheus['query']>> }>(`query?query=${encodeURIComponent(expression)}${at === undefined ? '' : `&time=${at / 1_000}`}`)).result,
    series: (matcher) => ask<Labels[]>(`series?match[]=${encodeURIComponent(matcher)}`),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
