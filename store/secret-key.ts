import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Secret } from '#lib/secret.ts';

/** The key that signs sessions and links: FENGHUO_SECRET_KEY, else DATA/secret.key, made at the first start and readable only by us. */
export async function loadSecretKey(dataDir: string, environment: Readonly<Record<string, string | undefined>>): Promise<Secret> {
  const given = environment.FENGHUO_SECRET_KEY;
  if (given !== undefined) {
    if (given.length < 32) throw new Error('FENGHUO_SECRET_KEY: at least 32 characters are needed, for example from "openssl rand -base64 48"');
    return new Secret(given);
  }
  const file = join(dataDir, 'secret.key');
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new Error(`${file}: ${error.message}`);
  });
  return new Secret(kept.trim() || (await makeKey(dataDir, file)));
}

/** Written whole under another name first, then linked: of two processes starting at once the first wins and both use its key. */
async function makeKey(dataDir: string, file: string): Promise<string> {
  await mkdir(dataDir, { recursive: true });
  const fresh = `${file}.${randomUUID()}`;
  await writeFile(fresh, `${randomBytes(48).toString('base64url')}\n`, { mode: 0o600 });
  await link(fresh, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(fresh, { force: true });
  return (await readFile(file, 'utf8')).trim();
}
