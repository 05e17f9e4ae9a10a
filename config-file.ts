import { existsSync, type FSWatcher, watch } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Config, type Loaded, loadConfig, parseConfig } from '#config';
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

/** Reads the file, or the given text when there is none; says every problem and answers null when there is one. */
export function readConfig(file: string | undefined, text = ''): Config | null {
  const config = configOrCode(file, { text, json: false });
  return typeof config === 'number' ? null : config;
}

/** The same for a command: what is wrong is said, also as JSON when asked, and the exit code is the answer. */
export function configOrCode(file: string | undefined, { text = '', json }: { text?: string; json: boolean }): Config | 1 | 3 {
  const loaded: Loaded = file === undefined ? { files: [], ...parseConfig([{ file: 'demo/config.yaml', text }], { environment: process.env, root: '.' }) } : loadConfig(file, process.env);
  if (loaded.ok) return loaded.config;
  if (json) process.stdout.write(`${JSON.stringify({ ok: false, problems: loaded.problems })}\n`);
  else for (const problem of loaded.problems) say(problemText(problem));
  return problemCode(loaded.problems);
}

/** Calls back after the file or `conf.d` beside it has changed and been quiet for a moment: editors write in several steps. */
export function watchConfig(file: string | undefined, { clock, changed }: { clock: Clock; changed(): void }): () => void {
  if (file === undefined) return () => undefined;
  let cancel = () => {};
  const gather = (name: string | null) => {
    if (name !== null && !/\.ya?ml$/.test(name) && name !== 'conf.d') return;
    cancel();
    cancel = clock.after(durationMs(300), changed);
  };
  const folders = [dirname(resolve(file)), join(dirname(resolve(file)), 'conf.d')].filter((folder) => existsSync(folder));
  const watchers = folders.flatMap((folder) => watched(folder, gather));
  return () => {
    cancel();
    for (const watcher of watchers) watcher.close();
  };
}

/** A system that has no watch left to give costs only this convenience: SIGHUP still reloads. */
function watched(folder: string, changed: (name: string | null) => void): FSWatcher[] {
  try {
    const watcher = watch(folder, (_event, name) => changed(name));
    watcher.on('error', () => watcher.close());
    return [watcher];
  } catch (error) {
    say(`changes in ${folder} are not seen by themselves (${(error as NodeJS.ErrnoException).code ?? String(error)}): reload with SIGHUP`);
    return [];
  }
}
