import { glob } from 'node:fs/promises';
import { resolve } from 'node:path';

/** The paths the patterns stand for; a path without wildcards is taken as it is, whether or not it exists yet. */
export async function findFiles(patterns: readonly string[]): Promise<Set<string>> {
  const paths = new Set<string>();
  for (const pattern of patterns) {
    if (!/[*?[{]/.test(pattern)) paths.add(resolve(pattern));
    else for await (const path of glob(pattern)) paths.add(resolve(path));
  }
  return paths;
}
