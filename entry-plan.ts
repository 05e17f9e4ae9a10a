import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { relative } from 'node:path';
import { parseDocument } from 'yaml';
import { kindsOnlyInFile } from '#collector/only-in-file.ts';
import { withSiteProxies } from '#collector/sources/settings.ts';
import { type Config, type ConfigPlace, type ConfigText, parseConfig, readTexts } from '#config';
import type { ChangeAsk, EditableSection, FormProblem, Preview, Previewed } from '#console/api/editing.ts';
import { problemWords } from '#console/api/problem-words.ts';
import { hideText, secretsIn } from '#lib/hidden.ts';
import type { Problem } from '#lib/problem.ts';
import type { Bilingual } from '#lib/text.ts';
import { diffLines } from '#lib/text-diff.ts';
import { entriesOf } from '#lib/yaml-entry.ts';
import { hashOf } from './change-history.ts';
import { kindOf } from './editing-forms.ts';
import { changedFile, type FileChange, type Found, findEntry, newFile, reducedFile, writtenIn } from './entry-file.ts';
import { forbidden } from './entry-rules.ts';
import { changedEntry, type Plain } from './entry-values.ts';

/** What a wanted change comes to: the file, its new text, and what the production reader says of the whole configuration with it. Nothing is written. */

export interface Planned {
  path: string;
  entry: string;
  before: Buffer | null;
  after: Buffer | null;
  preview: Preview;
  config: Config | null;
  /** The changed entry with references filled in; only of a configuration without problems. */
  resolved: Plain;
}
type Refused = Extract<Previewed, { ok: false }>;
export type Plan = { ok: true; plan: Planned } | Refused;

export interface Desk {
  place: ConfigPlace;
  environment: Readonly<Record<string, string | undefined>>;
  logFolders(): readonly string[];
}

export const refusedFor = (code: Refused['code'], message: Bilingual, problems: readonly FormProblem[] = []): Refused => ({ ok: false, code, message, problems });
export const noEntry = refusedFor('not-found', { 'zh-CN': '没有这一项，或它刚被改名、删除', en: 'there is no such entry, or it was renamed or removed just now' });
const unchangeable = refusedFor('invalid', {
  'zh-CN': '这一项在文件里的写法（引用、锚点）不便自动修改，请手工编辑文件',
  en: 'this entry is written in the file in a way (an alias, an anchor) that cannot be changed from here: edit the file by hand',
});
const brokenFile = refusedFor('invalid', { 'zh-CN': '配置文件现在读不出来，请先修好', en: 'a file of the configuration cannot be read now: mend it first' });
export const broughtAlong: Bilingual = {
  'zh-CN': '这一项是演示自带的，不能修改；可以另外新增。',
  en: 'This entry comes with the demo and cannot be changed; new ones can be added beside it.',
};

/** Why a form may not change an entry; null when it may. */
export function readOnlyReason({ text, entry }: Found, section: EditableSection): Bilingual | null {
  const reason = section === 'probes' ? kindsOnlyInFile[String(entry.kind)] : undefined;
  if (reason) return reason;
  if (text.path === null) return broughtAlong;
  return kindOf(section, entry.kind) ? null : { 'zh-CN': '没有这种类型的表单', en: 'there is no form for this kind' };
}

export function planChange(desk: Desk, ask: ChangeAsk): Plan {
  const { texts, problems: unreadable } = readTexts(desk.place);
  if (unreadable.length > 0) return brokenFile;
  const { section, id } = ask;
  const found = id === null ? null : findEntry(texts, { section, id });
  if (id !== null && !found) return noEntry;
  const reason = found ? readOnlyReason(found, section) : null;
  if (reason) return refusedFor('forbidden', reason);
  const before: Plain = found?.entry ?? {};
  const start: Plain = found ? before : { id: ask.set.id, kind: ask.kind };
  const changed = changedEntry(start, ask);
  if (!changed.ok) return refusedFor('invalid', { 'zh-CN': '有的内容读不出来', en: 'something cannot be read' }, changed.problems);
  const after: Plain = { ...changed.entry, ...(found ? { id: before.id, kind: before.kind } : { kind: ask.kind }) };
  if (!found && !/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(String(after.id ?? ''))) return refusedFor('invalid', badId, [{ path: 'id', message: badId, hint: badIdHint }]);
  const rules = forbidden({ before, after, given: changed.given, written: writtenIn(texts), logFolders: desk.logFolders() });
  const file = found ? changedFile(found, { section, entry: after }) : newFile(desk.place, { section, entry: after, taken: existsSync });
  if (!file) return unchangeable;
  return { ok: true, plan: judged(desk, { texts, file, action: found ? 'edit' : 'create', section, entry: String(after.id), rules }) };
}

const badId: Bilingual = { 'zh-CN': '编号由字母、数字、“.”“-”“_”组成，最多 100 个，以字母或数字开头', en: 'an id is letters, digits, ".", "-", "_", at most 100, starting with a letter or digit' };
const badIdHint: Bilingual = { 'zh-CN': '例如 invoice-home', en: 'for example invoice-home' };

export function planRemoval(desk: Desk, { section, id }: { section: EditableSection; id: string }): Plan {
  const { texts, problems: unreadable } = readTexts(desk.place);
  if (unreadable.length > 0) return brokenFile;
  const found = findEntry(texts, { section, id });
  if (!found) return noEntry;
  const reason = readOnlyReason(found, section);
  if (reason) return refusedFor('forbidden', reason);
  const file = reducedFile(found, { section, confD: desk.place.confD });
  if (!file) return unchangeable;
  return { ok: true, plan: judged(desk, { texts, file, action: 'remove', section, entry: id, rules: [] }) };
}

/** The former bytes of a file put back. */
export function planUndo(desk: Desk, { path, before, section, entry }: { path: string; before: Buffer | null; section: EditableSection; entry: string }): Planned {
  const { texts } = readTexts(desk.place);
  return judged(desk, { texts, file: { path, after: before === null ? null : stripMark(before.toString('utf8')) }, action: before === null ? 'remove' : 'edit', section, entry, rules: [] }, before);
}

interface Judging {
  texts: readonly ConfigText[];
  file: FileChange;
  action: Preview['action'];
  section: EditableSection;
  entry: string;
  rules: readonly FormProblem[];
}

const byteOrderMark = '\uFEFF';
const stripMark = (text: string): string => (text.startsWith(byteOrderMark) ? text.slice(1) : text);

function judged({ place, environment }: Desk, { texts, file, action, section, entry, rules }: Judging, bytes?: Buffer | null): Planned {
  // A link in conf.d leads to the file that is meant.
  const path = realPath(file.path);
  const before = existsSync(path) ? readFileSync(path) : null;
  const marked = before?.toString('utf8').startsWith(byteOrderMark) === true;
  const after = bytes !== undefined ? bytes : file.after === null ? null : Buffer.from(`${marked ? byteOrderMark : ''}${file.after}`);
  const shown = relative(place.root, file.path);
  const standing = texts.findIndex((text) => text.path !== null && realPath(text.path) === path);
  const mine = file.after === null ? [] : [{ path: file.path, file: shown, text: file.after }];
  const fresh = standing < 0 ? [...texts, ...mine] : [...texts.slice(0, standing), ...mine, ...texts.slice(standing + 1)];
  const parsed = parseConfig(fresh, { environment, root: place.root });
  const at = entryIndex(fresh, section, entry);
  const { own, elsewhere } = sorted(parsed.ok ? [] : parsed.problems, `${section}[${at}]`);
  const resolved = parsed.ok ? ((withSiteProxies(parsed.raw)[section] as Plain[] | undefined)?.[at] ?? {}) : {};
  const old = before === null ? '' : stripMark(before.toString('utf8'));
  const preview = { action, file: shown, hash: hashOf(before), diff: shownDiff(old, after === null ? '' : stripMark(after.toString('utf8'))), problems: [...rules, ...own], elsewhere };
  return { path, entry, before, after, preview, config: parsed.ok ? parsed.config : null, resolved };
}

const realPath = (path: string): string => (existsSync(path) ? realpathSync(path) : path);

/** The last of that name: a second one is where its doubling is told. */
function entryIndex(texts: readonly ConfigText[], section: EditableSection, id: string): number {
  return texts.flatMap(({ text }) => entriesOf(text, section)).findLastIndex((entry) => String((entry as Plain | null)?.id) === id);
}

function sorted(problems: readonly Problem[], entry: string): { own: FormProblem[]; elsewhere: Problem[] } {
  const isOwn = ({ path }: Problem): boolean => path === entry || path.startsWith(`${entry}.`) || path.startsWith(`${entry}[`);
  return {
    own: problems.filter(isOwn).map((problem) => ({ path: problem.path.slice(entry.length).replace(/^\./, ''), message: problemWords(problem.message), hint: problemWords(problem.hint) })),
    elsewhere: problems.filter((problem) => !isOwn(problem)),
  };
}

/** Secrets are hidden on both sides; one that was not there before is marked. */
export function shownDiff(before: string, after: string) {
  const document = parseDocument(before, { merge: true, logLevel: 'silent' });
  const known = document.errors.length > 0 ? new Set<string>() : secretsIn(document.toJS() as unknown);
  return diffLines(hideText(before), hideText(after, known));
}
