import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ArtifactEnding, ArtifactKeeper } from '#collector/artifacts.ts';
import { durationMs } from '#lib/time.ts';
import type { BrowserJob, BrowserMessage, BrowserVerdict } from './browser-step.ts';
import { killTree, residentBytes, treeOf } from './browser-tree.ts';
import type { Look, Sight } from './probe.ts';

/** The parent's side of a journey in a browser: one child at a time, watched, ended when it is over a limit, and nothing of it left behind. */

export interface BrowserRun {
  probeId: string;
  look: Look;
  maxMemoryBytes: number;
  job: Omit<BrowserJob, 'folder' | 'picturePass'>;
}

type Ending = { how: 'verdict'; verdict: BrowserVerdict } | { how: 'time' } | { how: 'memory'; bytes: number } | { how: 'gone'; said: string };

const watchEveryMs = durationMs(250);
const childPath = fileURLToPath(new URL('./browser-child.ts', import.meta.url));
/** Browsers are heavy: a second one would slow the first and be measured as the target's slowness. */
let turn: Promise<unknown> = Promise.resolve();

export async function runBrowser(run: BrowserRun): Promise<Sight> {
  const before = turn;
  let leave = () => {};
  turn = new Promise<void>((resolve) => {
    leave = resolve;
  });
  try {
    const mine = await Promise.race([before.then(() => true), aborted(run.look.signal)]);
    if (!mine || run.look.signal.aborted) return { outcome: { kind: 'unknown', reason: 'another browser journey was still running' }, phases: {}, evidence: {} };
    return await inFolder(run);
  } finally {
    // Who gave up waiting must not let the next one in before its turn.
    void before.then(leave);
  }
}

const aborted = (signal: AbortSignal): Promise<false> => new Promise((resolve) => (signal.aborted ? resolve(false) : signal.addEventListener('abort', () => resolve(false), { once: true })));

/** Profile, pictures and traces lie in one folder, which goes when the journey ends, however it ends. */
async function inFolder(run: BrowserRun): Promise<Sight> {
  const folder = await mkdtemp(join(tmpdir(), 'fenghuo-browser-'));
  try {
    const picturePass = run.look.artifacts?.wantsPass(run.probeId) ?? false;
    const watch = { step: null as string | null, peakBytes: 0 };
    const ending = await drive(run, { job: { ...run.job, folder, picturePass }, watch });
    return await sightOf(run, { ending, watch, folder });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }).catch(() => undefined);
  }
}

function drive(run: BrowserRun, { job, watch }: { job: BrowserJob; watch: { step: string | null; peakBytes: number } }): Promise<Ending> {
  const { clock, signal } = run.look;
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', LANG: 'zh_CN.UTF-8', HOME: job.folder, TMPDIR: job.folder, XDG_CONFIG_HOME: job.folder, XDG_CACHE_HOME: job.folder };
  const child = spawn(process.execPath, ['--max-old-space-size=256', '--disable-warning=ExperimentalWarning', childPath], { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'], cwd: job.folder });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-2_000);
  });
  return new Promise((resolve) => {
    let ended = false;
    const end = (ending: Ending) => {
      // Ending it makes it exit, which is no news.
      if (ended) return;
      ended = true;
      cancel();
      signal.removeEventListener('abort', overTime);
      void buried(child).then(() => resolve(ending));
    };
    const overTime = () => end({ how: 'time' });
    const look = () => {
      const bytes = child.pid === undefined ? 0 : residentBytes(treeOf(child.pid));
      watch.peakBytes = Math.max(watch.peakBytes, bytes);
      if (bytes > run.maxMemoryBytes) return end({ how: 'memory', bytes });
      cancel = clock.after(watchEveryMs, look);
    };
    let cancel = clock.after(watchEveryMs, look);
    signal.addEventListener('abort', overTime, { once: true });
    child.on('message', (message: BrowserMessage) => {
      if ('step' in message) watch.step = message.step;
      else end({ how: 'verdict', verdict: message.verdict });
    });
    child.once('error', (error) => end({ how: 'gone', said: error.message }));
    child.once('exit', (code, name) => end({ how: 'gone', said: said.trim().split('\n').at(-1) || `exit ${code ?? name}` }));
    child.send(job, () => undefined);
  });
}

/** Resolves when the child and all it started are ended. */
function buried(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    killTree(pid);
  });
}

async function sightOf(run: BrowserRun, { ending, watch, folder }: { ending: Ending; watch: { step: string | null; peakBytes: number }; folder: string }): Promise<Sight> {
  const at = watch.step === null ? '' : `${watch.step}: `;
  const memory = { peakMemoryMb: Math.round(watch.peakBytes / 1_000_000) };
  const step = watch.step === null ? {} : { step: watch.step };
  switch (ending.how) {
    case 'time':
      if (watch.step === null) return { outcome: { kind: 'unknown', reason: 'the browser did not start in time' }, phases: {}, evidence: memory };
      return { outcome: { kind: 'fail', failure: { kind: 'timeout', reason: `${at}timeout: the browser was ended` } }, phases: {}, evidence: { ...step, ...memory } };
    case 'memory': {
      const reason = `${at}ended: ${Math.round(ending.bytes / 1_000_000)} MB of memory, over max_memory ${Math.round(run.maxMemoryBytes / 1_000_000)}`;
      return { outcome: { kind: 'unknown', reason }, phases: {}, evidence: { ...step, ...memory } };
    }
    case 'gone':
      return { outcome: { kind: 'unknown', reason: `${at}the browser process ended: ${ending.said.slice(0, 200)}` }, phases: {}, evidence: { ...step, ...memory } };
    case 'verdict': {
      const { outcome, evidence, steps, files } = ending.verdict;
      const artifacts = await keepAll(run.look.artifacts, { files, folder });
      const failedAt = ending.verdict.step === null ? {} : { step: ending.verdict.step };
      return withoutSecrets({ outcome, phases: {}, evidence: { ...failedAt, steps, ...evidence, ...memory, ...artifacts } }, run.job.secrets);
    }
  }
}

const kept = [
  { name: 'screenshot', ending: 'jpg', mostBytes: 600_000 },
  { name: 'waterfall', ending: 'json', mostBytes: 200_000 },
  { name: 'trace', ending: 'zip', mostBytes: 8_000_000 },
] as const satisfies readonly { name: keyof BrowserVerdict['files']; ending: ArtifactEnding; mostBytes: number }[];

/** Ids by name; what is too large is thrown away and said. */
async function keepAll(keeper: ArtifactKeeper | undefined, { files, folder }: { files: BrowserVerdict['files']; folder: string }): Promise<Record<string, unknown>> {
  if (!keeper) return {};
  const artifacts: Record<string, string> = {};
  const dropped: string[] = [];
  for (const { name, ending, mostBytes } of kept) {
    const file = files[name];
    if (file === undefined) continue;
    const path = join(folder, file);
    const id = (await stat(path)).size > mostBytes ? null : await keeper.keep({ ending, bytes: await readFile(path) });
    if (id === null) dropped.push(name);
    else artifacts[name] = id;
  }
  return { ...(Object.keys(artifacts).length > 0 ? { artifacts } : {}), ...(dropped.length > 0 ? { droppedArtifacts: dropped } : {}) };
}

function withoutSecrets(sight: Sight, secrets: readonly string[]): Sight {
  const hidden = secrets.filter((secret) => secret.length >= 3);
  const hide = (text: string): string => hidden.reduce((shown, secret) => shown.replaceAll(JSON.stringify(secret).slice(1, -1), '•••').replaceAll(encodeURIComponent(secret), '•••'), text);
  const { outcome, evidence } = JSON.parse(hide(JSON.stringify({ outcome: sight.outcome, evidence: sight.evidence }))) as Pick<Sight, 'outcome' | 'evidence'>;
  return { ...sight, outcome, evidence };
}
