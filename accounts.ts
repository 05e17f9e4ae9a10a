import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemClock } from '#lib/clock.ts';
import { scopes } from '#lib/people.ts';
import { type Bilingual, languages } from '#lib/text.ts';
import { iso } from '#lib/time.ts';
import { verifyChains } from '#store/chains.ts';
import { addPerson, shellActor } from '#store/people-store.ts';
import type { State } from '#store/state.ts';
import { addToken, listTokens, revokeToken, tokenNamed } from '#store/token-store.ts';
import { joinState } from './stores.ts';
import { readWords, tell, wrongUsage } from './usage.ts';

const roles = ['viewer', 'responder', 'publisher', 'admin'] as const;

const answer = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
const noName = { 'zh-CN': '请写明名称', en: 'say the name' };
const tooMany = (word: string): Bilingual => ({ 'zh-CN': `“${word}” 是多余的；名称里有空格时请加引号`, en: `"${word}" is one word too many; put a name with blanks in quotes` });
const noneOf = (option: string, word: string, known: readonly string[]): Bilingual => ({
  'zh-CN': `${option} “${word}” 不是 ${known.join(', ')} 之一`,
  en: `${option} "${word}" is none of ${known.join(', ')}`,
});
const oneOf = <Value extends string>(known: readonly Value[], text: string): Value | undefined => known.find((value) => value === text);

const folderOf = (data: string | undefined): string => resolve(data ?? process.env.FENGHUO_DATA ?? './data');
const isKept = (folder: string): boolean => process.env.DATABASE_URL !== undefined || existsSync(join(folder, 'postgres'));

async function withState(data: string | undefined, use: (state: State) => Promise<number>): Promise<number> {
  const dataDir = folderOf(data);
  if (!isKept(dataDir)) tell({ 'zh-CN': `${dataDir} 里还没有数据，现在新建`, en: `there is no data in ${dataDir} yet: it is made now` });
  const opened = await joinState({ dataDir, environment: process.env, clock: systemClock, log: () => undefined });
  try {
    return await use(opened.store);
  } finally {
    await opened.stop();
  }
}

/** `fenghuo user add NAME --email E [--role R] [--password-file F]`. */
export async function userAdd(argv: string[]): Promise<number> {
  const read = readWords('user add', {
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
  if (read === 2) return read;
  const { values, positionals } = read;
  const [name, more] = positionals;
  const role = oneOf(roles, values.role);
  const language = values.language === undefined ? undefined : oneOf(languages, values.language);
  if (!name) return wrongUsage('user add', noName);
  if (more !== undefined) return wrongUsage('user add', tooMany(more));
  if (!values.email) return wrongUsage('user add', { 'zh-CN': '请用 --email 写明邮箱', en: 'say the mail address with --email' });
  if (!role) return wrongUsage('user add', noneOf('--role', values.role, roles));
  if (values.language !== undefined && !language) return wrongUsage('user add', noneOf('--language', values.language, languages));
  const password = values['password-file'] === undefined ? undefined : readFileSync(values['password-file'], 'utf8').replace(/\r?\n$/, '');
  const email = values.email;
  return withState(values.data, async (state) => {
    const made = await addPerson(state, { name, email, role, ...(language ? { language } : {}), ...(password === undefined ? {} : { password }) }, { actor: shellActor, at: systemClock.now() });
    if (!made.ok) {
      tell(made.message);
      return 1;
    }
    if (values.json) answer(made.value);
    else tell({ 'zh-CN': `${made.value.name} <${made.value.email}> 可以登录，角色 ${made.value.role}`, en: `${made.value.name} <${made.value.email}> may sign in as ${made.value.role}` });
    return 0;
  });
}

/** `fenghuo token add NAME --scope ingest,alerts,read`: the token is shown once and kept as a hash. */
export async function tokenAdd(argv: string[]): Promise<number> {
  const read = readWords('token add', { args: argv, allowPositionals: true, options: { scope: { type: 'string' }, data: { type: 'string' }, json: { type: 'boolean' } } });
  if (read === 2) return read;
  const { values, positionals } = read;
  const [name, more] = positionals;
  if (!name) return wrongUsage('token add', noName);
  if (more !== undefined) return wrongUsage('token add', tooMany(more));
  if (values.scope === undefined) return wrongUsage('token add', { 'zh-CN': `请用 --scope 写明范围：${scopes.join(', ')}`, en: `say what it is for with --scope: ${scopes.join(', ')}` });
  const asked = values.scope.split(',').map((scope) => scope.trim());
  const strange = asked.find((scope) => oneOf(scopes, scope) === undefined);
  if (strange !== undefined) return wrongUsage('token add', noneOf('--scope', strange, scopes));
  const wanted = scopes.filter((scope) => asked.includes(scope));
  return withState(values.data, async (state) => {
    const made = await addToken(state, { name, scopes: wanted }, { actor: shellActor, at: systemClock.now() });
    if (!made.ok) {
      tell(made.message);
      return 1;
    }
    if (values.json) answer({ token: made.value.token });
    else process.stdout.write(`${made.value.token}\n`);
    return 0;
  });
}

/** `fenghuo token list`: every token there ever was, without the token itself. */
export async function tokenList(argv: string[]): Promise<number> {
  const read = readWords('token list', { args: argv, options: { data: { type: 'string' }, json: { type: 'boolean' } } });
  if (read === 2) return read;
  const { values } = read;
  return withState(values.data, async (state) => {
    const tokens = (await listTokens(state)).map(({ createdAt, lastUsedAt, revokedAt, ...token }) => ({
      ...token,
      createdAt: iso(createdAt),
      lastUsedAt: lastUsedAt && iso(lastUsedAt),
      revokedAt: revokedAt && iso(revokedAt),
    }));
    if (values.json) answer({ tokens });
    else if (tokens.length === 0) tell({ 'zh-CN': '还没有令牌', en: 'there is no token yet' });
    else
      for (const { name, scopes: good, lastUsedAt, revokedAt } of tokens) process.stdout.write(`${name}\t${good.join(',')}\t${revokedAt ? `revoked ${revokedAt}` : `used ${lastUsedAt ?? 'never'}`}\n`);
    return 0;
  });
}

/** `fenghuo token revoke NAME`: whoever holds it is refused from the next request on. */
export async function tokenRevoke(argv: string[]): Promise<number> {
  const read = readWords('token revoke', { args: argv, allowPositionals: true, options: { data: { type: 'string' }, json: { type: 'boolean' } } });
  if (read === 2) return read;
  const { values, positionals } = read;
  const [name, more] = positionals;
  if (!name) return wrongUsage('token revoke', noName);
  if (more !== undefined) return wrongUsage('token revoke', tooMany(more));
  return withState(values.data, async (state) => {
    const token = await tokenNamed(state, name.trim());
    const revoked = token && (await revokeToken(state, token.id, { actor: shellActor, at: systemClock.now() }));
    if (!revoked?.ok) {
      tell({ 'zh-CN': `没有名为“${name}”的有效令牌`, en: `there is no valid token named "${name}"` });
      return 1;
    }
    if (values.json) answer({ revoked: name });
    else tell({ 'zh-CN': `“${name}”已吊销`, en: `"${name}" is revoked` });
    return 0;
  });
}

/** `fenghuo verify`: recomputes every hash chain. */
export async function verify(argv: string[]): Promise<number> {
  const read = readWords('verify', { args: argv, options: { data: { type: 'string' }, json: { type: 'boolean' } } });
  if (read === 2) return read;
  const { values } = read;
  const folder = folderOf(values.data);
  // Nothing to verify is no proof that all is well.
  if (!isKept(folder)) {
    const none = { 'zh-CN': `${folder} 里没有数据`, en: `there is no data in ${folder}` };
    if (values.json) answer({ ok: false, error: none.en });
    tell(none);
    return 3;
  }
  return withState(values.data, async (state) => {
    const report = await verifyChains(state);
    if (values.json) answer(report);
    else
      for (const chain of report.chains)
        tell(
          chain.firstBroken === null
            ? { 'zh-CN': `完整 ${chain.name}：${chain.rows} 条`, en: `whole  ${chain.name}: ${chain.rows} records` }
            : { 'zh-CN': `断裂 ${chain.name}：${chain.rows} 条，从 ${chain.firstBroken} 起`, en: `BROKEN ${chain.name}: ${chain.rows} records, first broken at ${chain.firstBroken}` },
        );
    return report.ok ? 0 : 1;
  });
}
