import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startCollector } from '#collector/collector.ts';
import { createFarLink, type FarPlan, isUnwelcome, planEveryMs } from '#collector/far-link.ts';
import { keptPlan } from '#collector/far-plan.ts';
import type { CollectorTopics } from '#collector/ports.ts';
import { createRecorder } from '#collector/recorder.ts';
import { shape } from '#collector/settings.ts';
import { startShipper } from '#collector/shipper.ts';
import { openSpool } from '#collector/spool.ts';
import { createBus } from '#lib/bus.ts';
import { systemClock as clock } from '#lib/clock.ts';
import { inTime } from '#lib/in-time.ts';
import { durationMs } from '#lib/time.ts';
import { readWords, tell, wrongUsage } from './usage.ts';

const spoolBytes = 1_000_000_000;
const settleMs = durationMs(3_000);

/** `fenghuo collector --to URL --token T --vantage ID`: looks from here at what the centre names, keeps what it saw on disk until the centre has it. */
export async function farCollector(argv: string[]): Promise<number> {
  const read = readWords('collector', { args: argv, options: { to: { type: 'string' }, token: { type: 'string' }, vantage: { type: 'string' }, data: { type: 'string' } } });
  if (read === 2) return 2;
  const { to = process.env.FENGHUO_TO, token = process.env.FENGHUO_TOKEN, vantage, data } = read.values;
  if (!to || !URL.canParse(to))
    return wrongUsage('collector', { 'zh-CN': '请用 --to 写明中心的地址，例如 https://fenghuo.example', en: 'say where the centre is with --to, for example https://fenghuo.example' });
  if (!token) return wrongUsage('collector', { 'zh-CN': '请用 --token 或环境变量 FENGHUO_TOKEN 给出令牌', en: 'give its token with --token or in FENGHUO_TOKEN' });
  if (!vantage) return wrongUsage('collector', { 'zh-CN': '请用 --vantage 写明这是哪个探测点', en: 'say which vantage this is with --vantage' });
  const dataDir = resolve(data ?? process.env.FENGHUO_DATA ?? './data');
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const running = await startFar({ to, token, vantage, dataDir });
  await new Promise<void>((stop) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop());
  });
  await running.stop();
  return 0;
}

const version = (): string => (JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as { version: string }).version;

/** Says a thing once, until something else is to be said: a centre that is away must not fill a disk with its absence. */
function sayOnce(): (text: string) => void {
  let last = '';
  return (text) => {
    if (text !== last) tell(text);
    last = text;
  };
}

async function startFar({ to, token, vantage, dataDir }: { to: string; token: string; vantage: string; dataDir: string }): Promise<{ stop(): Promise<void> }> {
  const say = sayOnce();
  const onError = (error: unknown) => say(error instanceof Error ? error.message : String(error));
  const link = createFarLink({ to, token, vantage, version: version(), clock });
  const spool = await openSpool({ dir: join(dataDir, 'spool'), maxBytes: spoolBytes, clock });
  const shipper = startShipper({ spool, sink: link, bus: createBus<CollectorTopics>(onError), clock, onError });
  const recorder = createRecorder({ spool, clock });
  const collector = startCollector({ probes: [], vantages: [], output: recorder, clock, onError });
  const kept = keptPlan(dataDir);
  let known = '';
  let stopped = false;
  let cancel = (): void => {};

  const follow = (plan: FarPlan, words: (count: number) => string): void => {
    const text = JSON.stringify(plan);
    if (text === known) return;
    const { probes, vantages } = readPlan(plan);
    collector.replace(probes, vantages);
    known = text;
    say(words(probes.length));
  };
  const followKept = async (): Promise<void> => {
    const plan = await kept.read();
    if (plan) follow(plan, (count) => `the centre is away: watching ${count} probes from ${vantage}, as it last named them`);
  };
  const followPlan = async (): Promise<void> => {
    try {
      const plan = await link.plan(spool.health().records);
      follow(plan, (count) => `watching ${count} probes from ${vantage} for ${to}`);
      await kept.keep(plan);
    } catch (error) {
      onError(error);
      if (isUnwelcome(error)) await kept.forget().catch(onError);
      else if (known === '') await followKept().catch(onError);
    }
    if (!stopped) cancel = clock.after(planEveryMs, () => void followPlan());
  };
  await followPlan();
  return {
    async stop() {
      stopped = true;
      cancel();
      await collector.stop();
      await recorder.flush();
      await inTime(shipper.settled(), { clock, limitMs: settleMs });
      await shipper.stop();
      await spool.close();
    },
  };
}

/** A script may only be run where somebody put it: never because the centre says so. */
const isRefused = ({ kind }: Record<string, unknown>): boolean => kind === 'exec';

function readPlan(plan: { vantage: Record<string, unknown>; probes: readonly Record<string, unknown>[] }) {
  const refused = plan.probes.filter(isRefused);
  if (refused.length > 0) tell(`not run from here, for they run a script: ${refused.map(({ id }) => String(id)).join(', ')}`);
  return { probes: shape.probes.parse(plan.probes.filter((probe) => !isRefused(probe))), vantages: shape.vantages.parse([plan.vantage]) };
}
