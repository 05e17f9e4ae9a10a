import { dirname } from 'node:path';
import { z } from 'zod';
import { failureKinds } from '#collector/check.ts';
import { defineKind } from '#lib/kinds.ts';
import { Secret } from '#lib/secret.ts';
import { durationMs } from '#lib/time.ts';
import { excerpt } from './excerpt.ts';
import { type Look, probeFields, probeShape, readyProbe, type Sight } from './probe.ts';
import { type Ending, runProgram } from './program.ts';
import { createTurns } from './turns.ts';

const pathText = z.string().regex(/^\/[^\0]{0,4000}$/, 'must be an absolute path, for example /opt/checks/queue.sh');
const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'not the name of an environment variable');
const shape = {
  ...probeShape,
  command: pathText,
  args: z
    .array(
      z
        .string()
        .max(4_000)
        .regex(/^[^\0]*$/, 'an argument holds no NUL'),
    )
    .max(100)
    .default([]),
  cwd: pathText.optional(),
  env: z.record(variableName, z.union([z.string(), z.instanceof(Secret)])).default({}),
  /** Names handed on from our own environment; nothing else of it is. */
  pass_env: z.array(variableName).default([]),
  max_output: z.number().int().min(1_000).max(1_000_000).default(64_000),
  fails_as: z.enum(failureKinds).default('assertion'),
};
type Config = z.output<z.ZodObject<typeof shape>>;

/** A program of the operator's, started without a shell, for what no other kind sees. Exit 0 is good, 1 and 2 are failures, 3 could not tell. */
export const exec = defineKind({
  kind: 'exec',
  label: { 'zh-CN': '本机脚本', en: 'Local script' },
  fields: [
    ...probeFields,
    {
      id: 'command',
      label: { 'zh-CN': '程序', en: 'Program' },
      input: 'text',
      required: true,
      help: { 'zh-CN': '绝对路径；退出码 0 正常，1、2 失败，3 未知', en: 'Absolute path; exit 0 is good, 1 and 2 fail, 3 is unknown' },
    },
    { id: 'args', label: { 'zh-CN': '参数', en: 'Arguments' }, input: 'list', required: false, help: { 'zh-CN': '逐项传入，不经过 shell', en: 'One by one, without a shell' } },
    { id: 'cwd', label: { 'zh-CN': '工作目录', en: 'Working directory' }, input: 'text', required: false, help: { 'zh-CN': '默认为程序所在目录', en: "The program's own by default" } },
    { id: 'pass_env', label: { 'zh-CN': '传入的环境变量', en: 'Environment handed on' }, input: 'list', required: false, help: { 'zh-CN': '只传列出的名字', en: 'Only the names listed here' } },
  ],
  shape,
  make: (config) => readyProbe(config, { kind: 'exec', target: config.command, check: (look) => check(config, look) }),
});

/** Scripts that all start in the same second would measure each other. */
const turns = createTurns(8);

async function check(config: Config, look: Look): Promise<Sight> {
  const giveBack = await turns.take(look.signal);
  if (giveBack === null) return { outcome: { kind: 'unknown', reason: 'other programs were still running (8 at a time)' }, phases: {}, evidence: {} };
  try {
    return await inTurn(config, look);
  } finally {
    giveBack();
  }
}

async function inTurn(config: Config, look: Look): Promise<Sight> {
  const startedAt = look.clock.elapsed();
  const { command, args } = config;
  const ran = await runProgram({ command, args, cwd: config.cwd ?? dirname(command), env: environment(config, look), maxOutput: config.max_output }, look);
  const { ending, cut } = ran;
  const now = look.clock.elapsed();
  const firstAt = ran.firstAt ?? now;
  const phases = { firstByte: firstAt - startedAt, body: now - firstAt };
  const secrets = Object.values(config.env).flatMap((value) => (value instanceof Secret ? [value.reveal()] : []));
  const text = (bytes: Buffer) => secrets.filter((secret) => secret.length > 2).reduce((shown, secret) => shown.replaceAll(secret, '•••'), bytes.toString('utf8'));
  const stdout = text(ran.stdout);
  const stderr = text(ran.stderr);
  const line = excerpt(firstLine(stdout) ?? firstLine(stderr) ?? '').slice(0, 300);
  const evidence = {
    ...(ending.how === 'exit' ? { exit: ending.code } : {}),
    ...(stdout === '' ? {} : { output: excerpt(stdout) }),
    ...(stderr === '' ? {} : { errors: excerpt(stderr) }),
    ...(cut > 0 ? { cutBytes: cut } : {}),
    ...said(stdout),
  };
  return { outcome: judge(ending, { line, config }), phases, evidence, tookMs: durationMs(now - startedAt) };
}

const firstLine = (text: string): string | undefined =>
  text
    .split('\n')
    .find((line) => line.trim() !== '')
    ?.trim();

/** The last line that is a JSON object: what the program wants to be kept. */
function said(stdout: string): { data?: unknown } {
  const line = stdout.split('\n').findLast((candidate) => /^\s*\{.*\}\s*$/.test(candidate));
  if (line === undefined) return {};
  try {
    return { data: JSON.parse(excerpt(line)) as unknown };
  } catch {
    return {};
  }
}

function judge(ending: Ending, { line, config }: { line: string; config: Config }): Sight['outcome'] {
  switch (ending.how) {
    case 'killed':
      return { kind: 'fail', failure: { kind: 'timeout', reason: `timeout${line === '' ? '' : `: ${line}`}` } };
    case 'spawn':
      return { kind: 'unknown', reason: `${config.command}: ${ending.reason}` };
    case 'signal':
      return { kind: 'unknown', reason: `${ending.name}${line === '' ? '' : `: ${line}`}` };
    case 'exit':
      if (ending.code === 0) return { kind: 'pass' };
      if (ending.code <= 2) return { kind: 'fail', failure: { kind: config.fails_as, reason: line === '' ? `exit ${ending.code}` : line } };
      return { kind: 'unknown', reason: `exit ${ending.code}${line === '' ? '' : `: ${line}`}` };
  }
}

function environment(config: Config, { vantage }: Look): NodeJS.ProcessEnv {
  const handedOn = config.pass_env.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  const written = Object.entries(config.env).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]);
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    FENGHUO_PROBE: config.id,
    FENGHUO_TIMEOUT_MS: String(config.timeout),
    FENGHUO_VANTAGE: vantage.id,
    ...(vantage.sourceAddress === null ? {} : { FENGHUO_SOURCE_ADDRESS: vantage.sourceAddress }),
    ...(Object.fromEntries([...handedOn, ...written]) as Record<string, string>),
  };
}
