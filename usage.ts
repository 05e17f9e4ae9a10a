import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { Bilingual, Language } from '#lib/text.ts';

/** The words of the command: each verb, what it does, and what is said of words that do not fit. */
const verbs = {
  start: { words: '[--config FILE] [--demo] [--role all|collector|alerts|console[,…]] [--data DIR] [--listen ADDR:PORT]', 'zh-CN': '启动', en: 'run' },
  check: { words: '[--config FILE] [--json]', 'zh-CN': '检查配置，一次说出全部问题', en: 'say everything that is wrong with the configuration' },
  collector: { words: '--to URL --token T --vantage ID [--data DIR]', 'zh-CN': '远端探测点：从这里探测，结果送到中心', en: 'a far vantage: looks from here, hands in to the centre' },
  'logs parse': {
    words: '--format combined|auth [--zone Z] [--encoding E] [--year Y] [--now ISO] [--service S] [--summary] [--json] FILE…',
    'zh-CN': '解析日志文件',
    en: 'read log files',
  },
  'probe run': { words: 'ID [--vantage ID] [--config FILE] [--json]', 'zh-CN': '立即探测一次', en: 'one check now' },
  'rules test': { words: 'FILE… [--json]', 'zh-CN': '在虚拟时间上测试规则', en: 'test rules on virtual time' },
  'routes test': { words: '[--config FILE] LABEL=VALUE… [--json]', 'zh-CN': '这样的告警会通知谁', en: 'who would be told' },
  'runbook check': { words: 'FILE… [--json]', 'zh-CN': '检查预案', en: 'check runbooks' },
  'user add': {
    words: 'NAME --email E [--role viewer|responder|publisher|admin] [--language zh-CN|en] [--password-file F] [--data DIR] [--json]',
    'zh-CN': '添加账号',
    en: 'add an account',
  },
  'token add': { words: 'NAME --scope ingest,alerts,read,collector [--data DIR] [--json]', 'zh-CN': '添加令牌', en: 'add a token' },
  'token list': { words: '[--data DIR] [--json]', 'zh-CN': '列出令牌', en: 'list the tokens' },
  'token revoke': { words: 'NAME [--data DIR] [--json]', 'zh-CN': '吊销令牌', en: 'revoke a token' },
  verify: { words: '[--data DIR] [--json]', 'zh-CN': '重算每条校验链', en: 'recompute every hash chain' },
} as const;
export type Verb = keyof typeof verbs;
const names = Object.keys(verbs) as Verb[];

/** As the terminal says: LC_ALL, LC_MESSAGES or LANG. */
export function terminalLanguage({ LC_ALL, LC_MESSAGES, LANG }: Readonly<Record<string, string | undefined>> = process.env): Language {
  return (LC_ALL || LC_MESSAGES || LANG || '').toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

/** A line for the person at the terminal. */
export function tell(text: Bilingual | string): void {
  process.stderr.write(`${typeof text === 'string' ? text : text[terminalLanguage()]}\n`);
}

/** The usage of all verbs, or of those that begin with `first`. */
export function usageText(first = ''): string {
  const shown = names.filter((name) => name === first || name.startsWith(first === '' ? '' : `${first} `));
  return shown.map((name) => `  fenghuo ${name} ${verbs[name].words}\n      ${verbs[name][terminalLanguage()]}\n`).join('');
}

/** Says what is wrong with the words and how they go; the exit code of wrong usage. */
export function wrongUsage(verb: Verb, problem: Bilingual): 2 {
  tell(problem);
  tell(`${terminalLanguage() === 'en' ? 'usage' : '用法'}: fenghuo ${verb} ${verbs[verb].words}`);
  return 2;
}

/** Reads the words after a verb; what does not fit has been said, and the code is what to end with. */
export function readWords<const Shape extends ParseArgsConfig>(verb: Verb, shape: Shape): ReturnType<typeof parseArgs<Shape>> | 2 {
  try {
    return parseArgs(shape);
  } catch (error) {
    return wrongUsage(verb, wordProblem(error));
  }
}

function wordProblem(error: unknown): Bilingual {
  const { code, message } = error as { code?: string; message: string };
  const word = /'(.*?)'/.exec(message)?.[1] ?? '';
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return { 'zh-CN': `没有 ${word} 这个选项`, en: `${word} is not an option here` };
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') return { 'zh-CN': `“${word}” 是多余的`, en: `"${word}" is one word too many` };
  if (code !== 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') return { 'zh-CN': message, en: message };
  const option = /--[\w-]+/.exec(word)?.[0] ?? word;
  return /does not take an argument/.test(message) ? { 'zh-CN': `${option} 不带值`, en: `${option} takes no value` } : { 'zh-CN': `${option} 需要一个值`, en: `${option} needs a value` };
}
