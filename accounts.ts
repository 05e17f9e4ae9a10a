import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemClock } from '#lib/clock.ts';
import { languages } from '#lib/text.ts';
import { verifyChains } from '#store/chains.ts';
import { addPerson, shellActor } from '#store/people-store.ts';
import type { State } from '#store/state.ts';
import { addToken } from '#store/token-store.ts';
import { joinState } from './stores.ts';

const roles = ['viewer', 'responder', 'publisher', 'admin'] as const;
const scopes = ['ingest', 'alerts', 'read'] as const;

const say = (text: string) => process.stderr.write(`${text}\n`);
const answer = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
const oneOf = <Value extends string>(known: readonly Value[], text: string): Value | undefined => known.find((value) => value === text);

async function withState(data: string | undefined, use: (state: State) => Promise<number>): Promise<number> {
  const dataDir = data ?? process.env.FENGHUO_DATA ?? './data';
  const opened = await joinState({ dataDir, environment: process.env, clock: systemClock, log: () => undefined });
  try {
    return await use(opened.store);
  } finally {
    await opened.stop();
  }
}

/** `fenghuo user add NAME --email E [--role R] [--password-file F]`. */
export async function userAdd(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      email: { type: 'string' },
      role: { type: 'string', default: 'responder' },
      language: { type: 'string' },
      'password-file': { type: 'string' },
      data: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  const [name] = positionals;
  const role = oneOf(roles, values.role);
  const language = values.language === undefined ? undefined : oneOf(languages, values.language);
  if (!name || !values.email || !role || (values.language !== undefined && !language)) {
    say(`usage: fenghuo user add NAME --email E [--role ${roles.join('|')}] [--language ${languages.join('|')}] [--password-file F] [--data DIR]`);
    return 2;
  }
  const password = values['password-file'] === undefined ? undefined : readFileSync(values['password-file'], 'utf8').replace(/\r?\n$/, '');
  const email = values.email;
  return withState(values.data, async (state) => {
    const made = await addPerson(state, { name, email, role, ...(language ? { language } : {}), ...(password === undefined ? {} : { password }) }, { actor: shellActor, at: systemClock.now() });
    if (!made.ok) {
      say(made.message.en);
      return 1;
    }
    if (values.json) answer(made.value);
    else say(`${made.value.name} <${made.value.email}> may sign in as ${made.value.role}`);
    return 0;
  });
}

/** `fenghuo token add NAME --scope ingest,alerts,read`: the token is shown once and kept as a hash. */
export async function tokenAdd(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options: { scope: { type: 'string' }, data: { type: 'string' }, json: { type: 'boolean' } } });
  const [name] = positionals;
  const wanted = (values.scope ?? '').split(',').map((scope) => oneOf(scopes, scope.trim()));
  if (!name || wanted.length === 0 || wanted.some((scope) => scope === undefined)) {
    say(`usage: fenghuo token add NAME --scope ${scopes.join(',')} [--data DIR] [--json]`);
    return 2;
  }
  return withState(values.data, async (state) => {
    const made = await addToken(state, { name, scopes: wanted.filter((scope) => scope !== undefined) }, { actor: shellActor, at: systemClock.now() });
    if (!made.ok) {
      say(made.message.en);
      return 1;
    }
    if (values.json) answer({ token: made.value.token });
    else process.stdout.write(`${made.value.token}\n`);
    return 0;
  });
}

/** `fenghuo verify`: recomputes every hash chain. */
export async function verify(argv: string[]): Promise<number> {
  const { values } = parseArgs({ args: argv, options: { data: { type: 'string' }, json: { type: 'boolean' } } });
  return withState(values.data, async (state) => {
    const report = await verifyChains(state);
    if (values.json) answer(report);
    else
      for (const chain of report.chains)
        say(`${chain.firstBroken === null ? 'whole ' : 'BROKEN'} ${chain.name}: ${chain.rows} records${chain.firstBroken === null ? '' : `, first broken at ${chain.firstBroken}`}`);
    return report.ok ? 0 : 1;
  });
}
