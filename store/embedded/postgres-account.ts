import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** An unprivileged account; Postgres refuses to run as root. */
export interface Account {
  uid: number;
  gid: number;
}

/** A command line ready for `spawn`. */
export interface Command {
  file: string;
  args: string[];
  options: { uid?: number; gid?: number };
}

/** Who runs Postgres: null is ourselves. Root hands it to the owner of an existing cluster, else to an account it finds or makes. */
export async function postgresAccount(clusterDir: string): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  if (existsSync(clusterDir)) {
    const { uid, gid } = statSync(clusterDir);
    if (uid !== 0) return { uid, gid };
  }
  const known = find('postgres') ?? find('fenghuo');
  if (known) return known;
  await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'fenghuo']).catch(() => undefined);
  const account = find('fenghuo') ?? find('nobody');
  if (!account) throw new Error('Postgres does not run as root, and no unprivileged account could be made: create one with "useradd --system fenghuo", or start as a plain user');
  return account;
}

function find(name: string): Account | undefined {
  const [, , uid, gid] = (
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((line) => line.startsWith(`${name}:`)) ?? ''
  ).split(':');
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

/**
 * The command as it must be spawned to run as `account`. A checkout or data directory below a private one (root's home, a 0700 temporary
 * directory) cannot be reached by the account; then it keeps just the capability to look into directories.
 */
export async function commandAs(account: Account | null, places: readonly string[], command: readonly [string, ...string[]]): Promise<Command> {
  const [file, ...args] = command;
  if (!account) return { file, args, options: {} };
  const closed = [file, ...places].map((place) => closedParent(account, place)).find((place) => place !== undefined);
  if (closed === undefined) return { file, args, options: account };
  const capability = await reachingCapability(account, closed);
  return { file: 'setpriv', args: [...privileges(account, capability), file, ...args], options: {} };
}

function privileges({ uid, gid }: Account, capability: string): string[] {
  return [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', `--inh-caps=-all,+${capability}`, `--ambient-caps=-all,+${capability}`, '--'];
}

/** The nearest directory above `place` that the account may not search; undefined when it can get there. */
function closedParent({ uid, gid }: Account, place: string): string | undefined {
  for (let dir = dirname(place); ; dir = dirname(dir)) {
    const { mode, uid: owner, gid: group } = statSync(dir);
    const search = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001;
    if ((mode & search) === 0) return dir;
    if (dir === dirname(dir)) return undefined;
  }
}

/** Containers often drop the narrower capability but keep the wider one. */
async function reachingCapability(account: Account, closed: string): Promise<string> {
  for (const capability of ['dac_read_search', 'dac_override']) {
    const works = await run('setpriv', [...privileges(account, capability), 'ls', closed]).then(
      () => true,
      () => false,
    );
    if (works) return capability;
  }
  throw new Error(`Postgres runs as uid ${account.uid}, which may not enter ${closed}: "chmod o+x ${closed}", or choose another place for the checkout and for --data`);
}
