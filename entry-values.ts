import { parseDocument } from 'yaml';
import type { ChangeAsk, FormProblem } from '#console/api/editing.ts';
import { restoreHidden } from '#lib/hidden.ts';
import { pathText } from '#lib/yaml-source.ts';

/** What an entry becomes by what a person touched; everything else of it stays as it was written. */

export type Plain = Record<string, unknown>;
export type Changed = { ok: true; entry: Plain; given: Plain } | { ok: false; problems: FormProblem[] };
const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `confirm.times` → its value; undefined where there is none. */
export function valueAt(entry: unknown, id: string): unknown {
  return id.split('.').reduce<unknown>((value, key) => (isPlain(value) && Object.hasOwn(value, key) ? value[key] : undefined), entry);
}

function withValue(entry: Plain, [key = '', ...rest]: readonly string[], value: unknown): Plain {
  if (rest.length === 0) return { ...entry, [key]: value };
  return { ...entry, [key]: withValue(isPlain(entry[key]) ? entry[key] : {}, rest, value) };
}

/** A map that became empty goes with its last key. */
function without(entry: Plain, [key = '', ...rest]: readonly string[]): Plain {
  const { [key]: inner, ...others } = entry;
  if (rest.length === 0 || !isPlain(inner)) return others;
  const left = without(inner, rest);
  return Object.keys(left).length === 0 ? others : { ...entry, [key]: left };
}

const longestText = 200_000;

export function changedEntry(before: Plain, { set, texts, unset }: Pick<ChangeAsk, 'set' | 'texts' | 'unset'>): Changed {
  const problems: FormProblem[] = [];
  const given: Plain = { ...set };
  for (const [id, text] of Object.entries(texts)) {
    const read = readYaml(text);
    if (read.ok) given[id] = read.value;
    else problems.push({ path: id, message: read.message, hint: { 'zh-CN': '请修正这里的 YAML', en: 'mend the YAML here' } });
  }
  let entry = before;
  for (const id of unset) entry = without(entry, id.split('.'));
  for (const [id, value] of Object.entries(given)) {
    const restored = restoreHidden(value, valueAt(before, id));
    if (restored.ok) entry = withValue(entry, id.split('.'), restored.value);
    else problems.push({ path: pathText([...id.split('.'), ...restored.path]), ...unknownHidden });
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, entry, given };
}

const unknownHidden = {
  message: { 'zh-CN': '••• 代表的值在这里没有，请重新填写', en: '••• stands for a value that is not known here: write it again' },
  hint: { 'zh-CN': '填写新的值', en: 'write a new value' },
} as const;

function readYaml(text: string): { ok: true; value: unknown } | { ok: false; message: FormProblem['message'] } {
  if (text.length > longestText) return { ok: false, message: { 'zh-CN': '太长了', en: 'is too long' } };
  const document = parseDocument(text, { merge: true, logLevel: 'silent' });
  const [error] = [...document.errors, ...document.warnings];
  if (error) {
    const line = error.linePos?.[0].line ?? 1;
    const said = (error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
    return { ok: false, message: { 'zh-CN': `第 ${line} 行不是正确的 YAML：${said}`, en: `line ${line} is not YAML: ${said}` } };
  }
  try {
    return { ok: true, value: document.toJS({ maxAliasCount: 100 }) as unknown };
  } catch (error) {
    return { ok: false, message: { 'zh-CN': String(error), en: String(error) } };
  }
}
