import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type Config, loadConfig, placeOf } from '#config';
import type { ChangeAsk, EditingDesk } from '#console/api/editing.ts';
import { systemClock } from '#lib/clock.ts';
import { unixMs } from '#lib/time.ts';
import { createEditingDesk, type EditingOptions } from '../editing-desk.ts';

/** For tests: each has a folder with a configuration and the desk on it; importing this file sees to both. */

export let folder: string;
export let desk: EditingDesk;
export let reloads: number;
export const by = { actor: { kind: 'person', id: 'p', name: '李雷' }, now: unixMs(1_700_000_000_000) } as const;
export const environment = { TOKEN: 'token-of-the-environment' };
export const token = ['$', '{TOKEN}'].join('');

export const main = `site: { name: 演示 }
services: [ { id: s, name: 服务 } ]
components: [ { id: c, service: s, name: 部件, probes: [home] } ]
probes:
  # The front door.
  - id: home
    kind: http
    service: s
    url: http://127.0.0.1:9/   # nobody there
    interval: 10s
    bearer: sesame-open-1
    headers: { x-api-key: "${token}" }
  - { id: script, kind: exec, service: s, command: /bin/true }
sources:
  - { id: log, kind: file, service: s, paths: [/srv/app/app.log], format: combined }
`;

/** Opens the desk anew, with what is asked for instead. */
export function openDesk(changes: Partial<EditingOptions> = {}): void {
  const place = placeOf(join(folder, 'fenghuo.yaml'));
  let config: Config | null = null;
  const reload = async (): Promise<boolean> => {
    reloads++;
    const loaded = loadConfig(place, environment);
    if (!loaded.ok) return false;
    config = loaded.config;
    return true;
  };
  const read = loadConfig(place, environment);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  desk = createEditingDesk({ place, dataDir: join(folder, 'data'), environment, config: () => config ?? read.config, logFolders: [join(folder, 'logs')], clock: systemClock, reload, ...changes });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fenghuo-editing-'));
  await mkdir(join(folder, 'logs'));
  await writeFile(join(folder, 'fenghuo.yaml'), main);
  reloads = 0;
  openDesk();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

export const text = (name = 'fenghuo.yaml') => readFile(join(folder, name), 'utf8');
export const ask = (changes: Partial<ChangeAsk>): ChangeAsk => ({ section: 'probes', id: 'home', kind: 'http', set: {}, texts: {}, unset: [], ...changes });
export const fresh = (set: Record<string, unknown>): ChangeAsk => ask({ id: null, set: { id: 'new', service: 's', url: 'http://127.0.0.1:9/', ...set } });
export const freshFile = (set: Record<string, unknown>): ChangeAsk => ({ ...ask({ id: null, kind: 'file', set: { id: 'new', service: 's', format: 'combined', ...set } }), section: 'sources' });

export async function save(change: ChangeAsk) {
  const seen = await desk.preview(change);
  if (!seen.ok) return seen;
  return desk.apply({ ...change, ...by, hash: seen.preview.hash });
}
export async function saved(change: ChangeAsk) {
  const done = await save(change);
  if (!done.ok) throw new Error(JSON.stringify(done));
  return done;
}
export async function problems(change: ChangeAsk): Promise<string[]> {
  const seen = await desk.preview(change);
  return (seen.ok ? seen.preview.problems : seen.problems).map(({ path, message }) => `${path}: ${message.en}`);
}
