import { dirname, isAbsolute, resolve } from 'node:path';
import { kindsOnlyInFile } from '#collector/only-in-file.ts';
import type { FormProblem } from '#console/api/editing.ts';
import { originsIn, referencesIn, secretsIn } from '#lib/hidden.ts';
import type { Plain } from './entry-values.ts';

/** What a browser may not bring into the configuration, though the file may hold it. */

export interface EntryChange {
  before: Plain;
  after: Plain;
  /** What was handed in, as it was handed in. */
  given: Plain;
  /** Everything written so far, in all files. */
  written: Plain;
  logFolders: readonly string[];
}

const inFile = { 'zh-CN': '请在配置文件里手工修改', en: 'change it in the file by hand' } as const;

export function forbidden(change: EntryChange): FormProblem[] {
  return [...kindProblems(change), ...guardProblems(change), ...referenceProblems(change), ...carriedSecrets(change), ...pathProblems(change)];
}

function kindProblems({ before, after }: EntryChange): FormProblem[] {
  const reason = [before.kind, after.kind].map((kind) => kindsOnlyInFile[String(kind)]).find((found) => found !== undefined);
  return reason ? [{ path: 'kind', message: reason, hint: inFile }] : [];
}

function guardProblems({ before, after }: EntryChange): FormProblem[] {
  if (after.metadata_addresses !== 'allow' || before.metadata_addresses === 'allow') return [];
  return [{ path: 'metadata_addresses', message: { 'zh-CN': '访问元数据地址的限制不能在控制台里打开', en: 'the guard of metadata addresses cannot be opened from the console' }, hint: inFile }];
}

/** A form that could name any file or variable would read it: the next answer or error shows what it held. */
function referenceProblems({ after, written }: EntryChange): FormProblem[] {
  const known = referencesIn(written);
  return Object.entries(after).flatMap(([key, value]) =>
    [...referencesIn(value)]
      .filter((name) => !known.has(name))
      .map((name) => ({
        path: key,
        message: { 'zh-CN': `配置里还没有用过 ${name}，不能从控制台引用`, en: `${name} is not used in the configuration yet and cannot be referred to from the console` },
        hint: { 'zh-CN': '先在配置文件里写一次，或直接填写值', en: 'write it in a file once by hand, or write the value itself' },
      })),
  );
}

/** A secret nobody typed just now must not be sent to somebody new. */
function carriedSecrets({ before, after, given }: EntryChange): FormProblem[] {
  const former = originsIn(before);
  const fresh = [...originsIn(after)].filter((origin) => !former.has(origin));
  if (fresh.length === 0) return [];
  const typed = secretsIn(given, 'shown');
  const known = secretsIn(before);
  return Object.entries(after).flatMap(([key, value]) => {
    const carried = [...secretsIn({ [key]: value })].filter((secret) => known.has(secret) && !typed.has(secret));
    if (carried.length === 0) return [];
    return [
      {
        path: key,
        message: { 'zh-CN': `地址改到了 ${fresh[0]}，请重新填写这里的密钥`, en: `the address now leads to ${fresh[0]}: write the secret here again` },
        hint: { 'zh-CN': '以免原来的密钥被误发到新的地址', en: 'so that the former one is not sent there by mistake' },
      },
    ];
  });
}

const patternsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []);
/** The folder before the first wildcard. */
const folderOf = (pattern: string): string => dirname(pattern.replace(/[*?[{].*$/, 'x'));

/** Whoever may name any path may read any file of this machine in the console. */
function pathProblems({ before, after, logFolders }: EntryChange): FormProblem[] {
  const named = (entry: Plain): string[] => [...patternsOf(entry.paths), ...patternsOf([entry.directory])];
  if (after.kind !== 'file' && after.kind !== 'journal') return [];
  const known = new Set(named(before));
  const allowed = logFolders.map((folder) => resolve(folder));
  return named(after).flatMap((pattern, index) => {
    const within = isAbsolute(pattern) && !/(^|[/{,])\.\.([/},]|$)/.test(pattern) && allowed.some((folder) => folder !== '/' && `${resolve(folderOf(pattern))}/`.startsWith(`${folder}/`));
    if (within || known.has(pattern)) return [];
    return [
      {
        path: after.kind === 'journal' ? 'directory' : `paths[${index}]`,
        message: { 'zh-CN': `“${pattern}” 不在允许的目录里`, en: `"${pattern}" is outside the folders a form may name` },
        hint: { 'zh-CN': `允许：${allowed.join('、')}；其他目录请加到 editing.log_folders`, en: `allowed: ${allowed.join(', ')}; add others to editing.log_folders` },
      },
    ];
  });
}
