import { parseArgs } from 'node:util';
import { routesTest as askRoutes } from '#alerts/routes-test.ts';
import { rulesTest as runRulesTest } from '#alerts/rules-test.ts';
import { logsParse as runLogsParse } from '#collector/parse.ts';
import { probeExitCode, probeRunAnswer } from '#collector/probe-answer.ts';
import { runCheck } from '#collector/run-check.ts';
import { localVantage } from '#collector/vantage.ts';
import { type Config, loadConfig } from '#config';
import { systemClock } from '#lib/clock.ts';
import { runbookCheck as runRunbookCheck } from '#runbooks/check.ts';
import { configPath, problemText, readConfig, say } from './config-file.ts';

const io = {
  out: (text: string) => void process.stdout.write(text),
  err: (text: string) => void process.stderr.write(text),
};
const configFlags = { config: { type: 'string' }, json: { type: 'boolean' } } as const;

function configOrExit(named: string | undefined): Config | number {
  const file = configPath(named);
  if (file === undefined) {
    io.err('no configuration: name one with --config FILE\n');
    return 2;
  }
  return readConfig(file) ?? 1;
}

/** `fenghuo check`: everything that is wrong, at once. */
export async function check(argv: string[]): Promise<number> {
  const { values } = parseArgs({ args: argv, options: configFlags });
  const file = configPath(values.config);
  if (file === undefined) {
    io.err('no configuration: name one with --config FILE\n');
    return 2;
  }
  const loaded = loadConfig(file, process.env);
  const problems = loaded.ok ? [] : loaded.problems;
  if (values.json) io.out(`${JSON.stringify({ ok: loaded.ok, problems })}\n`);
  else for (const problem of problems) say(problemText(problem));
  if (!values.json) io.err(loaded.ok ? `${loaded.files.length} file${loaded.files.length === 1 ? '' : 's'}, no problems\n` : `${problems.length} problem${problems.length === 1 ? '' : 's'}\n`);
  if (loaded.ok) return 0;
  return problems.some(({ line, message }) => line === 0 && message.startsWith('cannot be read')) ? 3 : 1;
}

export const logsParse = (argv: string[]): Promise<number> => runLogsParse(argv, { ...io, now: () => systemClock.now() });
export const rulesTest = (argv: string[]): Promise<number> => runRulesTest(argv, io);
export const runbookCheck = (argv: string[]): Promise<number> => runRunbookCheck(argv, io);

/** `fenghuo probe run ID`: one check now, with timings and evidence. */
export async function probeRun(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options: configFlags });
  const [id] = positionals;
  if (!id) {
    io.err('usage: fenghuo probe run ID [--config FILE] [--json]\n');
    return 2;
  }
  const config = configOrExit(values.config);
  if (typeof config === 'number') return config;
  const probe = config.probes.find((one) => one.id === id);
  if (!probe) {
    io.err(`no probe "${id}"; there are: ${config.probes.map((one) => one.id).join(', ') || 'none'}\n`);
    return 2;
  }
  const vantage = config.vantages.find((one) => one.id === probe.vantages[0]) ?? localVantage;
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
  const at = argv.indexOf('--config');
  const file = at >= 0 ? argv[at + 1] : undefined;
  const config = configOrExit(file);
  if (typeof config === 'number') return config;
  return askRoutes(config.alerting, at >= 0 ? argv.toSpliced(at, 2) : argv, { ...io, now: systemClock.now() });
}
