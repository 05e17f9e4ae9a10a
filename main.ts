#!/usr/bin/env -S node --max-semi-space-size=8
import '#store/lean-drizzle.ts';
import { readFileSync } from 'node:fs';
import { failureText } from '#lib/file-error.ts';
import { tell, terminalLanguage, usageText, type Verb } from './usage.ts';

/** The fenghuo command: one verb per line. Exit codes: 0 good, 1 the thing checked is bad, 2 wrong usage, 3 could not do it. */

type Command = (argv: string[]) => Promise<number>;

const verbs: Record<Verb, () => Promise<Command>> = {
  start: async () => (await import('./start.ts')).start,
  check: async () => (await import('./commands.ts')).check,
  collector: async () => (await import('./far-vantage.ts')).farCollector,
  'logs parse': async () => (await import('./commands.ts')).logsParse,
  'probe run': async () => (await import('./commands.ts')).probeRun,
  'rules test': async () => (await import('./commands.ts')).rulesTest,
  'routes test': async () => (await import('./commands.ts')).routesTest,
  'runbook check': async () => (await import('./commands.ts')).runbookCheck,
  'token add': async () => (await import('./accounts.ts')).tokenAdd,
  'token list': async () => (await import('./accounts.ts')).tokenList,
  'token revoke': async () => (await import('./accounts.ts')).tokenRevoke,
  'user add': async () => (await import('./accounts.ts')).userAdd,
  verify: async () => (await import('./accounts.ts')).verify,
};
const isVerb = (text: string): text is Verb => Object.hasOwn(verbs, text);
const isHelp = (word: string): boolean => word === '--help' || word === '-h';

async function main(argv: string[]): Promise<number> {
  const [one = '', two = ''] = argv;
  if (one === 'help' || isHelp(one)) return show(`fenghuo 烽火\n\n${usageText()}`);
  if (one === '--version' || one === 'version') return show(`${(JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as { version: string }).version}\n`);
  const name = isVerb(`${one} ${two}`) ? `${one} ${two}` : one;
  if (isVerb(name)) {
    const rest = argv.slice(name.split(' ').length);
    return rest.some(isHelp) ? show(usageText(name)) : (await verbs[name]())(rest);
  }
  const words = argv.slice(0, 2).join(' ');
  tell(argv.length === 0 ? { 'zh-CN': '请写明要做什么', en: 'say what to do' } : { 'zh-CN': `没有 “${words}” 这个命令`, en: `"${words}" is not a command` });
  tell(`\n${usageText(one) || usageText()}`);
  return 2;
}

function show(text: string): number {
  process.stdout.write(text);
  return 0;
}

// A reader such as `head` that has seen enough is no fault of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

// Before the first look-up. Names are asked for on half of the pool's threads, and each thread waits for its answer: with the four threads of
// an ordinary start two lost packets would hold up every probe. And glibc would wait 5 s, a whole time-out, before it asks a second time.
process.env.UV_THREADPOOL_SIZE ??= '64';
process.env.RES_OPTIONS ??= 'timeout:1 attempts:4';

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const text = failureText(error);
    if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ ok: false, error: text[terminalLanguage()] })}\n`);
    tell(text);
    process.exitCode = 3;
  },
);
