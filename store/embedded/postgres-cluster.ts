import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Secret } from '#lib/secret.ts';
import { type Account, commandAs, postgresAccount } from './postgres-account.ts';
import { postgresBinaries } from './postgres-binaries.ts';

const run = promisify(execFile);

/** A database directory ready to be started, and who may start it. */
export interface Cluster {
  /** Postgres' own directory (PGDATA), below the one we were given. */
  dir: string;
  account: Account | null;
  password: Secret;
  postgres: string;
}

export const postgresUser = 'fenghuo';

/** Finds or makes the cluster below `dataDir`. A half-made one (killed during the first start) is thrown away: it only gets its name when complete. */
export async function prepareCluster(dataDir: string): Promise<Cluster> {
  const dir = join(dataDir, 'cluster');
  const { postgres, initdb } = await postgresBinaries();
  const account = await postgresAccount(dir);
  const password = await passwordOf(dataDir);
  if (account) await chown(dataDir, account.uid, account.gid);
  const made = await stat(join(dir, 'PG_VERSION')).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw new Error(`${dir} belongs to another account (${error.code ?? error.message}): start as that account, or choose another --data`);
    },
  );
  if (!made) await makeCluster({ dir, account, password, postgres }, initdb);
  return { dir, account, password, postgres };
}

async function passwordOf(dataDir: string): Promise<Secret> {
  const file = join(dataDir, 'password');
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (kept) return new Secret(kept.trim());
  const password = randomBytes(24).toString('base64url');
  await writeFile(`${file}.new`, password, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return new Secret(password);
}

async function makeCluster({ dir, account, password }: Cluster, initdb: string): Promise<void> {
  const unfinished = `${dir}.new`;
  const passwordFile = `${dir}.password`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await rm(passwordFile, { force: true });
  await writeFile(passwordFile, password.reveal(), { mode: 0o600 });
  if (account) for (const place of [unfinished, passwordFile]) await chown(place, account.uid, account.gid);
  const flags = [
    '--auth=scram-sha-256',
    `--username=${postgresUser}`,
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--no-locale',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
  ];
  const command = await commandAs(account, [unfinished], [initdb, `--pgdata=${unfinished}`, ...flags]);
  try {
    await run(command.file, command.args, { ...command.options, cwd: unfinished });
    await rename(unfinished, dir);
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim();
    throw new Error(`the Postgres database could not be made in ${dir}: ${said || String(error)}`);
  } finally {
    await rm(passwordFile, { force: true });
  }
}
