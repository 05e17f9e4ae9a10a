import { constants } from 'node:fs';
import { access, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { stringify } from 'yaml';
import { syncDirectory } from '#collector/durable-file.ts';
import { runCheck } from '#collector/run-check.ts';
import { firstLines, sampleRecords } from '#collector/sources/sample-records.ts';
import { localVantage } from '#collector/vantage.ts';
import { type Config, type ConfigPlace, parseConfig, readTexts } from '#config';
import type { Applied, By, ChangeAsk, ChangeNote, EditableSection, EditingDesk, EntryOf, Preview } from '#console/api/editing.ts';
import type { Clock } from '#lib/clock.ts';
import { hideValue } from '#lib/hidden.ts';
import type { Bilingual } from '#lib/text.ts';
import { bytesOf, type Change, type ChangeHistory, createHistory, hashOf, writeDurably } from './change-history.ts';
import { formsOf, kindOf } from './editing-forms.ts';
import { entryLines, findEntry } from './entry-file.ts';
import { type Desk, noEntry, type Plan, type Planned, planChange, planRemoval, planUndo, readOnlyReason, refusedFor, shownDiff } from './entry-plan.ts';
import { type Plain, valueAt } from './entry-values.ts';

export interface EditingOptions {
  place: ConfigPlace;
  dataDir: string;
  environment: Readonly<Record<string, string | undefined>>;
  config(): Config;
  /** Folders whose log files may be named, besides the configured ones. */
  logFolders: readonly string[];
  clock: Clock;
  /** Reads the configuration again; false when it was refused. */
  reload(): Promise<boolean>;
}

interface Editing extends EditingOptions {
  desk: Desk;
  history: ChangeHistory;
}

/** Writes what people change by forms into the files of the configuration, one change after the other. */
export function createEditingDesk(options: EditingOptions): EditingDesk {
  const { place, environment, config, clock } = options;
  const desk: Desk = { place, environment, logFolders: () => [...config().editing.log_folders, ...options.logFolders] };
  const editing: Editing = { ...options, desk, history: createHistory(join(options.dataDir, 'changes')) };
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(task: () => Promise<Result>): Promise<Result> => {
    const done = last.then(task, task);
    last = done.catch(() => undefined);
    return done;
  };
  const write = (ask: { hash: string } & By, what: { action: Change['action']; section: EditableSection }, plan: () => Plan) => inTurn(() => carryOut(editing, ask, { ...what, plan }));
  return {
    forms: () => formsOf(config(), { closed: config().editing.enabled ? null : closed, folder: relative(place.root, place.confD) }),
    entry: (ask) => entryOf(editing, ask),
    preview: async (ask) => shownPlan(planChange(desk, ask)),
    previewRemoval: async (ask) => shownPlan(planRemoval(desk, ask)),
    apply: (ask) => write(ask, { action: ask.id === null ? 'create' : 'edit', section: ask.section }, () => planChange(desk, ask)),
    remove: (ask) => write(ask, { action: 'remove', section: ask.section }, () => planRemoval(desk, ask)),
    undo: (ask) => inTurn(() => undo(editing, ask)),
    changes: async () => notesOf(editing, await editing.history.list()),
    tryProbe: (ask) => tryProbe(editing, ask),
    async trySource({ lines, now, ...ask }) {
      const planned = planChange(desk, ask);
      if (!planned.ok) return planned;
      const { preview, resolved } = planned.plan;
      if (preview.problems.length > 0 || planned.plan.config === null) return refusedFor('invalid', wrong(preview), preview.problems);
      const file = lines === null && ask.id !== null ? await savedLines(editing, ask.id) : null;
      if (lines === null && file === null) return refusedFor('not-found', noFile);
      const records = sampleRecords(resolved, lines ?? file?.lines ?? [], clock.now());
      return records === null ? refusedFor('invalid', noFormat) : { ok: true, file: file === null ? null : basename(file.path), records, lines: (lines ?? file?.lines ?? []).length };
    },
  };
}

const closed: Bilingual = { 'zh-CN': '配置里写明不允许从控制台修改（editing.enabled: false）', en: 'the configuration says that nothing is changed from the console (editing.enabled: false)' };
const noFile: Bilingual = { 'zh-CN': '这个来源还没有可读的文件，请粘贴几行', en: 'this source has no file to read yet: paste some lines' };
const noFormat: Bilingual = { 'zh-CN': '这种来源没有可试的行格式', en: 'this kind of source has no format of lines to try' };
const stale: Bilingual = { 'zh-CN': '文件刚被别人改过，请重新核对差异', en: 'the file was changed meanwhile: look at the difference again' };
const refusedReload: Bilingual = { 'zh-CN': '新配置未能生效，文件已恢复原样', en: 'the new configuration did not take: the file is as it was' };
const wrong = ({ problems, elsewhere }: Preview): Bilingual =>
  problems.length > 0 || elsewhere.length === 0
    ? { 'zh-CN': `有 ${problems.length} 处不对`, en: `${problems.length} thing(s) wrong` }
    : {
        'zh-CN': `配置的其他地方有问题：${elsewhere[0]?.file}:${elsewhere[0]?.line} ${elsewhere[0]?.message}`,
        en: `something else in the configuration is wrong: ${elsewhere[0]?.file}:${elsewhere[0]?.line} ${elsewhere[0]?.message}`,
      };

const shownPlan = (plan: Plan) => (plan.ok ? { ok: true as const, preview: plan.plan.preview } : plan);

async function entryOf(editing: Editing, { section, id }: { section: EditableSection; id: string }): Promise<EntryOf | null> {
  const { place } = editing;
  const found = findEntry(readTexts(place).texts, { section, id });
  if (!found) return null;
  const { entry, text } = found;
  const yamlFields = kindOf(section, entry.kind)?.fields.filter(({ input }) => input === 'yaml') ?? [];
  const values = hideValue(entry) as Plain;
  const texts = yamlFields.flatMap((field) => {
    const value = valueAt(values, field.id);
    return value === undefined ? [] : [[field.id, stringify(value, { lineWidth: 0 })]];
  });
  const changes = (await editing.history.list()).filter((change) => change.section === section && change.entry === id);
  return {
    ...{ section, id, kind: String(entry.kind), file: text.file, ...entryLines(found, section), values, texts: Object.fromEntries(texts) as Record<string, string> },
    ...{ readOnly: readOnlyReason(found, section), changes: await notesOf(editing, changes) },
  };
}

const bytesIfThere = (path: string): Promise<Buffer | null> => readFile(path).catch(() => null);

async function notesOf({ place }: Editing, changes: readonly Change[]): Promise<ChangeNote[]> {
  const now = new Map(await Promise.all([...new Set(changes.map(({ path }) => path))].map(async (path) => [path, hashOf(await bytesIfThere(path))] as const)));
  const newest = new Set<string>();
  return changes.map(({ id, at, actor, action, section, entry, path, before, after }) => {
    const text = (base: string | null) => bytesOf(base)?.toString('utf8') ?? '';
    const isNewest = !newest.has(path) && Boolean(newest.add(path));
    return { id, at, actor, action, section, entry, file: relative(place.root, path), diff: shownDiff(text(before), text(after)), undoable: isNewest && now.get(path) === hashOf(bytesOf(after)) };
  });
}

interface Write {
  action: Change['action'];
  section: EditableSection;
  plan(): Plan;
}

async function carryOut(editing: Editing, { hash, actor, now }: { hash: string } & By, { action, section, plan }: Write): Promise<Applied> {
  if (!editing.config().editing.enabled) return { ...refusedFor('forbidden', closed), preview: null };
  const planned = plan();
  if (!planned.ok) return { ...planned, preview: null };
  const { preview } = planned.plan;
  if (preview.hash !== hash) return { ok: false, code: 'conflict', message: stale, problems: [], preview };
  return put(editing, planned.plan, { at: now, actor: actor.name, action, section });
}

async function undo(editing: Editing, { change: id, actor, now }: { change: string } & By): Promise<Applied> {
  if (!editing.config().editing.enabled) return { ...refusedFor('forbidden', closed), preview: null };
  const change = (await editing.history.list()).find((each) => each.id === id);
  if (!change) return { ...noEntry, preview: null };
  const { path, section, entry } = change;
  const planned = planUndo(editing.desk, { path, before: bytesOf(change.before), section, entry });
  if (planned.preview.hash !== hashOf(bytesOf(change.after))) return { ok: false, code: 'conflict', message: stale, problems: [], preview: planned.preview };
  return put(editing, planned, { at: now, actor: actor.name, action: 'undo', section });
}

/** Keeps the former bytes, writes, and has the configuration read again; when that is refused, all is as before. */
async function put(editing: Editing, planned: Planned, { at, actor, action, section }: Pick<Change, 'at' | 'actor' | 'action' | 'section'>): Promise<Applied> {
  const { path, before, after, preview, entry } = planned;
  if (preview.problems.length > 0 || preview.elsewhere.length > 0) return { ok: false, code: 'invalid', message: wrong(preview), problems: preview.problems, preview };
  const unwritable = await unwritableReason(path, before);
  if (unwritable) return { ...refusedFor('forbidden', unwritable), preview };
  const base = (bytes: Buffer | null) => bytes?.toString('base64') ?? null;
  const kept = await editing.history.keep({ at, actor, action, section, entry, path, before: base(before), after: base(after) });
  try {
    await replace(path, after);
    if (await editing.reload()) return { ok: true, change: kept.id, entry, file: preview.file, diff: preview.diff };
  } catch (error) {
    await restore(editing, kept, before);
    throw error;
  }
  await restore(editing, kept, before);
  return { ok: false, code: 'invalid', message: refusedReload, problems: [], preview };
}

async function restore(editing: Editing, kept: Change, before: Buffer | null): Promise<void> {
  await replace(kept.path, before);
  await editing.history.drop(kept.id);
  await editing.reload();
}

async function replace(path: string, content: Buffer | null): Promise<void> {
  if (content === null) {
    await rm(path, { force: true });
    return syncDirectory(dirname(path));
  }
  await mkdir(dirname(path), { recursive: true });
  const mode = (await stat(path).catch(() => null))?.mode;
  await writeDurably(path, { content, mode: mode === undefined ? 0o600 : mode & 0o777 });
}

/** Said before anything is kept: a configuration mounted read-only is common. */
async function unwritableReason(path: string, before: Buffer | null): Promise<Bilingual | null> {
  const folder = dirname(path);
  const place = (await stat(folder).catch(() => null)) ? folder : dirname(folder);
  try {
    await access(place, constants.W_OK);
    if (before !== null) await access(path, constants.W_OK);
    return null;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return { 'zh-CN': `${path} 不可写（${code}）`, en: `${path} cannot be written (${code})` };
  }
}

async function tryProbe({ desk, clock }: Editing, ask: ChangeAsk): ReturnType<EditingDesk['tryProbe']> {
  const planned = planChange(desk, ask);
  if (!planned.ok) return planned;
  const { preview, config, entry } = planned.plan;
  const probe = config?.probes.find(({ id }) => id === entry);
  if (!probe || !config || preview.problems.length > 0) return refusedFor('invalid', wrong(preview), preview.problems);
  const here = config.vantages.filter(({ far }) => !far);
  const vantage = here.find(({ id }) => probe.vantages.includes(id)) ?? localVantage;
  return { ok: true, result: await runCheck({ probe, vantage, attempt: 0, clock }) };
}

/** Only of files that the configuration in force names: a form chooses no file to be read. */
async function savedLines({ place, environment }: Editing, id: string): ReturnType<typeof firstLines> {
  const parsed = parseConfig(readTexts(place).texts, { environment, root: place.root });
  const sources = parsed.ok ? (parsed.raw.sources as Plain[] | undefined) : undefined;
  const source = sources?.find((each) => each.id === id);
  return source ? firstLines(source) : null;
}
