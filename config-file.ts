import { existsSync } from 'node:fs';
import { type Config, type Loaded, loadConfig, parseConfig } from '#config';
import type { Problem } from '#lib/problem.ts';

export const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** `--config`, else `FENGHUO_CONFIG`, else `fenghuo.yaml` here when there is one. */
export function configPath(named: string | undefined): string | undefined {
  return named ?? process.env.FENGHUO_CONFIG ?? (existsSync('fenghuo.yaml') ? 'fenghuo.yaml' : undefined);
}

export const problemText = ({ file, line, path, message, hint }: Problem): string => `${file}${line > 0 ? `:${line}` : ''}  ${path === '' ? '' : `${path}: `}${message}\n    → ${hint}`;

/** Reads the file, or the given text when there is none; says every problem and answers null when there is one. */
export function readConfig(file: string | undefined, text = ''): Config | null {
  const loaded: Loaded = file === undefined ? { files: [], ...parseConfig([{ file: 'demo/config.yaml', text }], { environment: process.env, root: '.' }) } : loadConfig(file, process.env);
  if (loaded.ok) return loaded.config;
  for (const problem of loaded.problems) say(problemText(problem));
  return null;
}
