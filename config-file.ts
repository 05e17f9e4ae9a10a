import { existsSync, type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Config, type ConfigPlace, type Loaded, loadConfig } from '#config';
import type { Clock } from '#lib/clock.ts';
import type { Problem } from '#lib/problem.ts';
import { durationMs } from '#lib/time.ts';

export const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** `--config`, else `FENGHUO_CONFIG`, else `fenghuo.yaml` here when there is one. */
export function configPath(named: string | undefined): string | undefined {
  return named ?? process.env.FENGHUO_CONFIG ?? (existsSync('fenghuo.yaml') ? 'fenghuo.yaml' : undefined);
}

export const problemText = ({ file, line, path, message, hint }: Problem): string => `${file}${line > 0 ? `:${line}` : ''}  ${path === '' ? '' : `${path}: `}${message}\n    → ${hint}`;

/** 3 when a file could not even be read, else 1. */
export const problemCode = (problems: readonly Problem[]): 1 | 3 => (problems.some(({ line, message }) => line === 0 && message.startsWith('cannot be read')) ? 3 : 1);

/** Reads the configuration; says every problem and answers null when there is one. */
export function readConfig(place: ConfigPlace): Config | null {
  const config = configOrCode(place, { json: false });
  return typeof config === 'number' ? null : config;
}

/** The same for a command: what is wrong is said, also as JSON when asked, and the exit code is the answer. */
export function configOrCode(file: string | ConfigPlace, { json }: { json: boolean }): Config | 1 | 3 {
  const loaded: Loaded = loadConfig(file, process.env);
  if (loaded.ok) return loaded.config;
  if (json) process.stdout.write(`${JSON.stringify({ ok: false, problems: loaded.problems })}\n`);
  else for (const problem of loaded.problems) say(problemText(problem));
  return problemCode(loaded.problems);
}

/** Calls back after a file of the configuration has changed and been quiet for a moment: editors write in several steps. */
export function watchConfig({ main, confD }: ConfigPlace, { clock, changed }: { clock: Clock; changed(): void }): () => void {
  let cancel = () => {};
  const watchers = new Map<string, FSWatcher>();
  const gather = (name: string | null) => {
    if (name !== null && !/\.ya?ml$/.test(name) && name !== basename(confD)) return;
    // The folder may be made later than the start.
    look(confD);
    cancel();
    cancel = clock.after(durationMs(300), changed);
  };
  const look = (folder: string) => {
    if (watchers.has(folder) || !existsSync(folder)) return;
    const watcher = watched(folder, gather);
    if (!watcher) return;
    watchers.set(folder, watcher);
    watcher.on('close', () => watchers.delete(folder));
  };
  if ('path' in main) look(dirname(main.path));
  look(confD);
  return () => {
    cancel();
    for (const watcher of [...watchers.values()]) watcher.close();
  };
}

/** A system that has no watch left to give costs only this convenience: SIGHUP still reloads. */
function watched(folder: string, changed: (name: string | null) => void): FSWatcher | null {
  try {
    const watcher = watch(folder, (_event, name) => changed(name));
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch (error) {
    say(`changes in ${folder} are not seen by themselves (${(error as NodeJS.ErrnoException).code ?? String(error)}): reload with SIGHUP`);
    return null;
  }
}
