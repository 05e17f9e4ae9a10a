import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, type ConfigPlace, placeOf } from '#config';
import { buildConsole, consoleIsBuilt } from '#console/build-console.ts';
import { type Demo, startDemo } from '#demo/demo.ts';
import { systemClock } from '#lib/clock.ts';
import { configOrCode, configPath, say } from './config-file.ts';
import { type Running, run } from './running.ts';
import { readWords, tell, wrongUsage } from './usage.ts';

const roles = ['collector', 'alerts', 'console'] as const;
export type Role = (typeof roles)[number];

export interface StartSettings {
  configFile: string | undefined;
  dataDir: string;
  host: string;
  port: number;
  roles: ReadonlySet<Role>;
  dev: boolean;
}

/** Reads the words after `start`; a number is the exit code when they are wrong. */
function readSettings(argv: string[]): StartSettings | 2 {
  const read = readWords('start', {
    args: argv,
    options: {
      config: { type: 'string' },
      demo: { type: 'boolean' },
      role: { type: 'string', default: 'all' },
      data: { type: 'string' },
      listen: { type: 'string', default: '127.0.0.1:8600' },
      dev: { type: 'boolean', default: false },
    },
  });
  if (read === 2) return read;
  const { values } = read;
  if (values.demo && values.config) return wrongUsage('start', { 'zh-CN': '--demo 自带配置，请去掉 --config', en: '--demo brings its own configuration: leave out --config' });
  const listen = /^(?:\[([0-9a-fA-F:]+)\]|([^:]+)):(\d{1,5})$/.exec(values.listen);
  if (!listen || Number(listen[3]) > 65_533)
    return wrongUsage('start', { 'zh-CN': `--listen “${values.listen}” 不是 地址:端口，例如 127.0.0.1:8600`, en: `--listen "${values.listen}" is not ADDR:PORT, for example 127.0.0.1:8600` });
  const wanted = values.role === 'all' ? [...roles] : values.role.split(',');
  const unknown = wanted.find((role) => !roles.some((known) => known === role));
  if (unknown !== undefined) return wrongUsage('start', { 'zh-CN': `--role “${unknown}” 不是 all, ${roles.join(', ')} 之一`, en: `--role "${unknown}" is none of all, ${roles.join(', ')}` });
  return {
    configFile: values.demo ? undefined : configPath(values.config),
    dataDir: resolve(values.data ?? process.env.FENGHUO_DATA ?? './data'),
    host: listen[1] ?? listen[2] ?? '127.0.0.1',
    port: Number(listen[3]),
    roles: new Set(roles.filter((role) => wanted.includes(role))),
    dev: values.dev,
  };
}

/** `fenghuo start`: runs until told to stop. */
export async function start(argv: string[]): Promise<number> {
  const settings = readSettings(argv);
  if (settings === 2) return settings;
  // Before anything is built, made or started: a bad configuration is the commonest reason for a start that fails.
  const ours = settings.configFile === undefined ? null : placeOf(settings.configFile);
  const written = ours && configOrCode(ours, { json: false });
  if (typeof written === 'number') return written;
  await mkdir(settings.dataDir, { recursive: true, mode: 0o700 });
  if (settings.roles.has('console') && !settings.dev && !consoleIsBuilt()) await buildOnce();
  const demo = settings.configFile === undefined ? await startDemo({ dataDir: settings.dataDir, host: settings.host, port: settings.port, clock: systemClock, onError: complain }) : null;
  const place = ours ?? (await demoPlace(settings.dataDir, demo?.configYaml ?? ''));
  const config = written ?? configOrCode(place, { json: false });
  if (typeof config === 'number') {
    await demo?.stop();
    return config;
  }
  const running = await run({ settings, config, place, demo, onError: complain, version: version() }).catch(async (error: unknown) => {
    await demo?.stop();
    throw error;
  });
  announce(running, { settings, config, demo });
  await stopped(running);
  await running.stop();
  await demo?.stop();
  // What still waits for a store that does not answer must not keep the process.
  return process.exit(0);
}

/** What the demo brings along, and a folder beside its logs for what is added to it. */
async function demoPlace(dataDir: string, text: string): Promise<ConfigPlace> {
  const root = join(dataDir, 'demo');
  const confD = join(root, 'conf.d');
  await mkdir(confD, { recursive: true, mode: 0o700 });
  return { main: { name: 'demo/config.yaml', text }, root, confD };
}

const version = (): string => (JSON.parse(readFileSync(fileURLToPath(new URL('./package.json', import.meta.url)), 'utf8')) as { version: string }).version;

async function buildOnce(): Promise<void> {
  tell({ 'zh-CN': '正在构建控制台（首次启动与改动之后）……', en: 'building the console (at the first start and after a change) …' });
  await buildConsole();
}

const said = new Map<string, number>();
/** The same trouble is said once a minute, with how often it came. */
function complain(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  const now = systemClock.now();
  if (now - (said.get(text) ?? 0) < 60_000) return;
  said.set(text, now);
  if (said.size > 500) said.clear();
  say(`${new Date(now).toISOString()} ${text}`);
}

function announce({ url, signIn }: Running, { settings, config, demo }: { settings: StartSettings; config: Config; demo: Demo | null }): void {
  process.stdout.write(`${JSON.stringify({ ready: true, url, signIn, pid: process.pid })}\n`);
  say(`
  烽火 Fenghuo is watching ${config.services.length} service${config.services.length === 1 ? '' : 's'} with ${config.probes.length} probes, ${config.sources.length} log sources and ${config.rules.length} rules.

  Console      ${signIn ?? url}
  Status page  ${url}/status${demo ? `\n  Demo         ${demo.url} (fictional 演示 service), mails at ${url}/demo/inbox` : ''}
  Data         ${settings.dataDir}
`);
}

/** Resolves when the process is told to stop; a second signal ends it at once. */
function stopped(running: Running): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = () => {
      if (asked) process.exit(130);
      asked = true;
      tell({ 'zh-CN': '正在停止：先做完手头的事……', en: 'stopping: finishing what is under way …' });
      resolve();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    process.on('SIGHUP', () => void running.reload());
  });
}
