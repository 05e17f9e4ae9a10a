import { routesTest as askRoutes } from '#alerts/routes-test.ts';
import { rulesTest as runRulesTest } from '#alerts/rules-test.ts';
import { logsParse as runLogsParse } from '#collector/parse.ts';
import type { ConfiguredSource } from '#collector/parse-request.ts';
import { probeExitCode, probeRunAnswer } from '#collector/probe-answer.ts';
import { runCheck } from '#collector/run-check.ts';
import { localVantage } from '#collector/vantage.ts';
import { type Config, loadConfig } from '#config';
import { systemClock } from '#lib/clock.ts';
import { runbookCheck as runRunbookCheck } from '#runbooks/check.ts';
import { configOrCode, configPath, problemCode, problemText, say } from './config-file.ts';
import { readWords, type Verb, wrongUsage } from './usage.ts';

const io = {
  out: (text: string) => void process.stdout.write(text),
  err: (text: string) => void process.stderr.write(text),
};
const configFlags = { config: { type: 'string' }, json: { type: 'boolean' } } as const;

const noConfig = { 'zh-CN': '没有配置：请用 --config FILE 指明', en: 'no configuration: name one with --config FILE' };

function configFor(verb: Verb, { config, json = false }: { config?: string | undefined; json?: boolean | undefined }): Config | number {
  const file = configPath(config);
  return file === undefined ? wrongUsage(verb, noConfig) : configOrCode(file, { json });
}

/** `fenghuo check`: everything that is wrong, at once. */
export async function check(argv: string[]): Promise<number> {
  const read = readWords('check', { args: argv, options: configFlags });
  if (read === 2) return read;
  const { values } = read;
  const file = configPath(values.config);
  if (file === undefined) return wrongUsage('check', noConfig);
  const loaded = loadConfig(file, process.env);
  const problems = loaded.ok ? [] : loaded.problems;
  if (values.json) io.out(`${JSON.stringify({ ok: loaded.ok, problems })}\n`);
  else for (const problem of problems) say(problemText(problem));
  if (!values.json) io.err(loaded.ok ? `${loaded.files.length} file${loaded.files.length === 1 ? '' : 's'}, no problems\n` : `${problems.length} problem${problems.length === 1 ? '' : 's'}\n`);
  return loaded.ok ? 0 : problemCode(problems);
}

export const logsParse = (argv: string[]): Promise<number> => runLogsParse(argv, { ...io, now: () => systemClock.now(), source: sourceToParse });

/** A source of the configuration, for `logs parse --source`; or why there is none. */
function sourceToParse(id: string, given: string | undefined): ConfiguredSource | string {
  const file = configPath(given);
  if (file === undefined) return 'no configuration to look --source up in: name it with --config FILE';
  const loaded = loadConfig(file, process.env);
  if (!loaded.ok) return loaded.problems.map(problemText).join('\n');
  const source = loaded.config.sources.find((one) => one.id === id);
  if (!source) return `--source "${id}" is none of ${loaded.config.sources.map((one) => one.id).join(', ') || 'them: there are no sources'}`;
  return source.reads ? { service: source.service, ...source.reads } : `--source "${id}" takes in no lines`;
}
export const rulesTest = (argv: string[]): Promise<number> => runRulesTest(argv, io);
export const runbookCheck = (argv: string[]): Promise<number> => runRunbookCheck(argv, io);

/** `fenghuo probe run ID`: one check now, with timings and evidence. */
export async function probeRun(argv: string[]): Promise<number> {
  const read = readWords('probe run', { args: argv, allowPositionals: true, options: { ...configFlags, vantage: { type: 'string' } } });
  if (read === 2) return read;
  const { values, positionals } = read;
  const [id, more] = positionals;
  if (id === undefined) return wrongUsage('probe run', { 'zh-CN': '请写明探测的编号', en: 'say the id of the probe' });
  if (more !== undefined) return wrongUsage('probe run', { 'zh-CN': `“${more}” 是多余的`, en: `"${more}" is one word too many` });
  const config = configFor('probe run', values);
  if (typeof config === 'number') return config;
  const probe = config.probes.find((one) => one.id === id);
  const ids = config.probes.map((one) => one.id).join(', ');
  if (!probe) return wrongUsage('probe run', { 'zh-CN': `没有探测 “${id}”；现有：${ids || '无'}`, en: `no probe "${id}"; there are: ${ids || 'none'}` });
  const near = config.vantages.filter((one) => !one.far);
  const vantage = near.find((one) => (values.vantage === undefined ? probe.vantages.includes(one.id) : one.id === values.vantage)) ?? localVantage;
  if (values.vantage !== undefined && vantage.id !== values.vantage)
    return wrongUsage('probe run', { 'zh-CN': `没有本机的探测点 “${values.vantage}”`, en: `no vantage "${values.vantage}" of this machine` });
  const answer = probeRunAnswer(await runCheck({ probe, vantage, attempt: 0, clock: systemClock }));
  if (values.json) io.out(`${JSON.stringify(answer)}\n`);
  else {
    const phases = Object.entries(answer.phases).map(([phase, ms]) => `${phase} ${ms} ms`);
    io.err(`${answer.probe}: ${answer.outcome}${answer.failure ? ` (${answer.failure.kind}: ${answer.failure.message})` : ''} in ${answer.durationMs} ms\n  ${phases.join(' · ')}\n`);
  }
  return probeExitCode[answer.outcome];
}

/** `fenghuo routes test LABEL=VALUE…`: who would be told, how grouped, and why not. */
export async function routesTest(argv: string[]): Promise<number> {
  const read = readWords('routes test', { args: argv, allowPositionals: true, options: configFlags });
  if (read === 2) return read;
  const { values, positionals } = read;
  const odd = positionals.find((word) => !/^[A-Za-z_][\w.]*=/.test(word));
  if (odd !== undefined) return wrongUsage('routes test', { 'zh-CN': `“${odd}” 不是 标签=值`, en: `"${odd}" is not LABEL=VALUE` });
  if (positionals.length === 0) return wrongUsage('routes test', { 'zh-CN': '请写明告警的标签', en: 'say the labels of the alert' });
  const config = configFor('routes test', values);
  if (typeof config === 'number') return config;
  return askRoutes(config.alerting, values.json ? [...positionals, '--json'] : positionals, { ...io, now: systemClock.now() });
}
