import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { references as alertReferences, shape as alertShape } from '#alerts/settings.ts';
import { references as collectorReferences, shape as collectorShape } from '#collector/settings.ts';
import { withSiteProxies } from '#collector/sources/settings.ts';
import type { Problem } from '#lib/problem.ts';
import { danglingReferences, duplicateIds } from '#lib/references.ts';
import { hideSecrets, noteSecret, Secret } from '#lib/secret.ts';
import { notUtf8, readUtf8 } from '#lib/utf8.ts';
import { mergeSources, type Path, pathText } from '#lib/yaml-source.ts';
import { references as noticeReferences, shape as noticeShape } from '#notices/settings.ts';
import { references as runbookReferences, shape as runbookShape } from '#runbooks/settings.ts';
import { shape as editingShape } from './editing-settings.ts';

/** The whole configuration, composed of what each folder understands; an unknown section or key is an error. */
const schema = z.strictObject({ ...collectorShape, ...alertShape, ...runbookShape, ...noticeShape, ...editingShape });
export type Config = z.output<typeof schema>;

const references = [...collectorReferences, ...alertReferences, ...runbookReferences, ...noticeReferences];
const uniqueIds = ['services[].id', 'components[].id', 'vantages[].id', 'probes[].id', 'sources[].id', 'rules[].alert', 'alerting.receivers[].name', 'alerting.time_intervals[].name'];

export type Loaded = { ok: true; config: Config; files: string[] } | { ok: false; problems: Problem[]; files: string[] };
/** Far deeper than any section goes; a YAML alias can make a value contain itself. */
const deepest = 40;
type Environment = Readonly<Record<string, string | undefined>>;

/** Where the configuration is written: a main file, or a text the program brings along, and a folder of more files. */
export interface ConfigPlace {
  main: { path: string } | { name: string; text: string };
  /** Names of files are shown relative to it, and secret files are looked up from it. */
  root: string;
  confD: string;
}

/** One text of the configuration; a path only where it is a file. */
export interface ConfigText {
  path: string | null;
  file: string;
  text: string;
}

/** The place of a file: `conf.d` lies beside it. */
export function placeOf(file: string): ConfigPlace {
  const root = dirname(resolve(file));
  return { main: { path: resolve(file) }, root, confD: join(root, 'conf.d') };
}

/** Reads the main file and `conf.d/*.yaml`; what cannot be read is a problem each. */
export function readTexts({ main, root, confD }: ConfigPlace): { texts: ConfigText[]; problems: Problem[]; files: string[] } {
  const more =
    existsSync(confD) && statSync(confD).isDirectory()
      ? readdirSync(confD)
          .filter((name) => /\.ya?ml$/.test(name))
          .sort()
      : [];
  const files = [...('path' in main ? [main.path] : []), ...more.map((name) => join(confD, name))];
  const problems: Problem[] = [];
  const texts: ConfigText[] = 'text' in main ? [{ path: null, file: main.name, text: main.text }] : [];
  for (const path of files) {
    try {
      const read = readUtf8(readFileSync(path));
      if (read.ok) texts.push({ path, file: relative(root, path), text: read.text });
      else problems.push({ file: relative(root, path), line: read.line, path: '', ...notUtf8 });
    } catch (error) {
      problems.push({ file: path, line: 0, path: '', message: `cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, hint: 'check the path and its permissions' });
    }
  }
  return { texts, problems, files };
}

/** Reads `file` and `conf.d/*.yaml` beside it; every problem of every file is reported together. */
export function loadConfig(file: string | ConfigPlace, environment: Environment): Loaded {
  const place = typeof file === 'string' ? placeOf(file) : file;
  const { texts, problems, files } = readTexts(place);
  if (texts.length === 0) return { ok: false, problems, files };
  const parsed = parseConfig(texts, { environment, root: place.root });
  if (problems.length === 0 && parsed.ok) return { ok: true, config: parsed.config, files };
  return { ok: false, problems: [...problems, ...(parsed.ok ? [] : parsed.problems)], files };
}

/** The same from texts already read; `root` is where `{ file: … }` secrets are looked up. `raw` is what was written, with references filled in. */
export function parseConfig(
  texts: readonly { file: string; text: string }[],
  { environment, root }: { environment: Environment; root: string },
): { ok: true; config: Config; raw: Readonly<Record<string, unknown>> } | { ok: false; problems: Problem[] } {
  const merged = mergeSources(texts);
  const problems = [...merged.problems];
  const say = (path: Path, message: string, hint: string) => problems.push({ ...merged.locate(path), path: pathText(path), message: hideSecrets(message), hint });
  const raw = resolveValues(merged.raw, { environment, root, say, path: [] }) as Record<string, unknown>;
  const parsed = schema.safeParse(withSiteProxies(raw));
  if (!parsed.success) for (const issue of parsed.error.issues) sayIssue(issue, say, []);
  for (const issue of [...duplicateIds(raw, uniqueIds), ...danglingReferences(raw, references)]) say(issue.path, issue.message, issue.hint);
  if (parsed.success && problems.length === 0) return { ok: true, config: parsed.data, raw };
  return { ok: false, problems: inOrder(problems) };
}

type Say = (path: Path, message: string, hint: string) => void;

/** A union is wrong in each of its arms; the arm with the fewest complaints is the one the author meant. */
function sayIssue(issue: z.core.$ZodIssue, say: Say, base: Path): void {
  const path = [...base, ...(issue.path as Path)];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const custom = issue.errors.flat().filter((inner) => inner.code === 'custom');
    const arm = custom.length > 0 ? custom : [...issue.errors].sort((a, b) => a.length - b.length)[0];
    for (const inner of arm ?? []) sayIssue(inner, say, path);
    return;
  }
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) say([...path, key], `"${key}" is not a known key here`, 'check the spelling, or remove it');
    return;
  }
  const hint = issue.code === 'custom' && typeof issue.params?.hint === 'string' ? issue.params.hint : 'see docs/configuration.md';
  say(path, issue.message, hint);
}

/** `${NAME}` from the environment and `{ file: path }` from disk; both may be missing, which is a problem and not a value. */
function resolveValues(value: unknown, context: { environment: Environment; root: string; say: Say; path: Path }): unknown {
  const { environment, root, say, path } = context;
  if (path.length > deepest) {
    say(path.slice(0, 8), `is nested deeper than ${deepest} levels`, 'a list or map that contains itself has no end');
    return null;
  }
  if (typeof value === 'string') {
    return value.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => {
      const found = environment[name];
      if (found === undefined) say(path, `the environment has no ${name}`, `set ${name} before starting, or write the value here`);
      else noteSecret(found);
      return found ?? whole;
    });
  }
  if (Array.isArray(value)) return value.map((entry, index) => resolveValues(entry, { ...context, path: [...path, index] }));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0]?.[0] === 'file' && typeof entries[0][1] === 'string') {
    try {
      return new Secret(readFileSync(resolve(root, entries[0][1]), 'utf8').replace(/\r?\n$/, ''));
    } catch (error) {
      say(path, `the secret file "${entries[0][1]}" cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'error'}`, 'check the path and its permissions');
      return new Secret('unreadable');
    }
  }
  return Object.fromEntries(entries.map(([key, entry]) => [key, resolveValues(entry, { ...context, path: [...path, key] })]));
}

/** By file in the order read, then by line; the same complaint is said once. */
function inOrder(problems: Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems
    .filter((problem) => {
      const key = JSON.stringify([problem.file, problem.line, problem.path, problem.message]);
      return seen.has(key) ? false : Boolean(seen.add(key));
    })
    .sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
}
