/** A small site under load whose processes can be killed: what it is asked and told from outside while that happens. */
import { execFile } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Instance, killNow, startInstance, until } from './instance.ts';
import { processTree } from './process-tree.ts';
import { type Mail, startMailServer, startTarget, type Target } from './target.ts';

export const kills = ['engine', 'postgres', 'tree'] as const;
/** `none` leaves a round undisturbed. */
export type Kill = (typeof kills)[number] | 'none';

/** How far the open incident's run has come, and what people wrote into its timeline. */
export interface Place {
  id: string;
  step: number;
  /** Steps that are over, as they were closed. */
  closed: string[];
  notes: string[];
}

export interface KillSite {
  target: Target;
  /** Lines written to the log so far. */
  written(): number;
  /** So many lines at once, beside the steady ones. */
  burst(lines: number): void;
  /** Accepted mails, one for each Message-ID, and how many came again. */
  mails(): { firing: Mail[]; ended: Mail[]; again: number };
  ask(path: string): Promise<Record<string, unknown>>;
  place(): Promise<Place | null>;
  note(text: string): Promise<void>;
  /** Closes the step the run has reached. */
  walkOneStep(): Promise<void>;
  /** Answers the milliseconds until both stores answer again. */
  kill(what: Kill): Promise<number>;
  /** Ends the writing of lines. */
  quiet(): Promise<void>;
  /** `fenghuo verify` beside the running instance. */
  verify(): Promise<{ ok: boolean; text: string }>;
  said(): string;
  /** Answers how the instance ended on SIGTERM, and after how many milliseconds. */
  stop(): Promise<{ code: number | null; ms: number }>;
}

const configText = ({ target, mail, log }: { target: string; mail: string; log: string }) => `site: { name: { zh-CN: 演示, en: Demo }, zone: Asia/Shanghai }
smtp: { url: "${mail}", from: "fenghuo@demo.example" }
services: [ { id: web, name: { zh-CN: 演示服务, en: Demo service } } ]
probes: [ { id: web-home, kind: http, service: web, url: "${target}", interval: 1s, timeout: 1s, slow_after: 500ms, confirm: { times: 1, after: 200ms }, assert: [ { status: 2xx } ] } ]
sources: [ { id: load, kind: file, service: web, paths: ["${log}"], format: combined } ]
rules: [ { alert: WebDown, kind: probe, probes: [web-home], interval: 1s, fail: 2, of: 3, labels: { severity: critical, service: web }, annotations: { runbook: errors } } ]
alerting:
  route: { receiver: ops, group_by: [service], group_wait: 1s, group_interval: 2s, repeat_interval: 4h }
  receivers: [ { name: ops, email_configs: [ { to: ops@demo.example } ] } ]
`;

export async function openKillSite({ port }: { port: number }): Promise<KillSite> {
  const home = mkdtempSync(join(tmpdir(), 'fenghuo-kill-'));
  const dataDir = join(home, 'data');
  const log = join(home, 'access.log');
  mkdirSync(dataDir);
  const [target, mailServer, writer] = [await startTarget(), await startMailServer(), startWriter(log)];
  const config = join(home, 'fenghuo.yaml');
  writeFileSync(config, configText({ target: target.url, mail: mailServer.url, log }));
  let said = '';
  const start = () => startInstance({ dataDir, port, args: ['--config', config] });
  let instance = await start();
  const console = await openConsole(instance);
  return {
    ...console,
    target,
    written: writer.written,
    burst: writer.write,
    mails: () => sorted(mailServer.mails),
    async kill(what) {
      const from = performance.now();
      if (what === 'tree') {
        await instance.killTree();
        said += instance.stderr();
        instance = await start();
      } else if (what !== 'none') killNow(pidOf(instance, what === 'engine' ? /embedded\/child\.ts/ : /bin\/postgres -D/));
      await until('both stores to answer', () => console.ask('/api/v1/query?sql=SELECT%201'), 60_000);
      return Math.round(performance.now() - from);
    },
    quiet: writer.stop,
    verify: () => verify(dataDir),
    said: () => said + instance.stderr(),
    async stop() {
      await writer.stop();
      const from = performance.now();
      const code = await instance.stop();
      const ms = Math.round(performance.now() - from);
      await Promise.all([target.stop(), mailServer.stop()]);
      rmSync(home, { recursive: true, force: true });
      return { code, ms };
    },
  };
}

export function pidOf(instance: Instance, pattern: RegExp): number {
  const tree = processTree(instance.pid);
  const found = tree.find(({ command }) => pattern.test(command));
  if (!found) throw new Error(`no process like ${pattern}:\n${tree.map(({ command }) => command).join('\n')}`);
  return found.pid;
}

/** 400 lines a second, each with a number of its own, whatever happens to the reader. */
function startWriter(log: string): { written(): number; write(lines: number): void; stop(): Promise<void> } {
  let written = 0;
  let writing = true;
  writeFileSync(log, '');
  const write = (count: number) => {
    const at = new Date().toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1/$2/$3:$4 +0000');
    let lines = '';
    for (const end = written + count; written < end; written++) {
      lines += `192.0.2.${written % 250} - - [${at}] "GET /item/${written} HTTP/1.1" ${written % 50 === 0 ? 500 : 200} 512 "-" "kill-rounds" rt=0.0${10 + (written % 80)}\n`;
    }
    appendFileSync(log, lines);
  };
  const work = (async () => {
    for (; writing; await sleep(100)) write(40);
  })();
  return {
    written: () => written,
    write,
    async stop() {
      writing = false;
      await work;
    },
  };
}

/** The console's API as a signed-in person uses it; the session outlives every kill. */
export async function openConsole({ url, signIn }: Instance): Promise<Pick<KillSite, 'ask' | 'place' | 'note' | 'walkOneStep'>> {
  const send = async (path: string, body: object, cookie = '') => {
    const answer = await fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', origin: url, cookie }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer;
  };
  const entered = await send('/api/v1/sign-in/link', { token: new URL(signIn).searchParams.get('token') });
  const cookie = entered.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
  const ask = async (path: string) => {
    const answer = await fetch(`${url}${path}`, { headers: { cookie }, signal: AbortSignal.timeout(15_000) });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  };
  const room = async () => {
    const { incidents } = (await ask('/api/v1/incidents?state=all')) as { incidents: { id: string }[] };
    if (incidents.length > 1) throw new Error(`${incidents.length} incidents where one was never over`);
    return incidents[0] ? ((await ask(`/api/v1/incidents/${incidents[0].id}`)) as unknown as Room) : null;
  };
  const opened = async () => (await room()) ?? Promise.reject(new Error('no incident'));
  return {
    ask,
    async place() {
      const found = await room();
      return found && placeOf(found);
    },
    async note(text) {
      await send(`/api/v1/incidents/${(await opened()).incident.id}/notes`, { text }, cookie);
    },
    async walkOneStep() {
      const { runId, steps } = await opened();
      const step = steps.find(({ state }) => state === 'open');
      if (!step) throw new Error('no step is open');
      await send(`/api/v1/runs/${runId}/steps/${step.id}/close`, { note: `done: ${step.id}` }, cookie);
    },
  };
}

interface Room {
  incident: { id: string; runbook: { step: number } | null };
  runId: string | null;
  steps: { id: string; state: string; openedAt: string | null; closedAt: string | null; closedBy: string | null; note: string | null }[];
  timeline: { kind: string; text: { en: string } }[];
}

const placeOf = ({ incident, steps, timeline }: Room): Place => ({
  id: incident.id,
  step: incident.runbook?.step ?? 0,
  closed: steps.flatMap(({ id, state, closedAt, closedBy, note }) => (closedAt === null ? [] : [`${id} ${state} ${closedAt} ${closedBy} ${note}`])),
  notes: timeline.flatMap(({ text }) => text.en.match(/kill-note-\w+/g) ?? []),
});

function sorted(mails: readonly Mail[]): ReturnType<KillSite['mails']> {
  const different = [...new Map(mails.map((mail) => [mail.messageId, mail])).values()];
  const isEnd = ({ subject }: Mail) => subject.includes('恢复');
  return { firing: different.filter((mail) => !isEnd(mail)), ended: different.filter(isEnd), again: mails.length - different.length };
}

async function verify(dataDir: string): Promise<{ ok: boolean; text: string }> {
  const run = await promisify(execFile)(process.execPath, ['main.ts', 'verify', '--data', dataDir]).catch((error: Error & { stderr?: string }) => ({
    failed: true,
    stderr: error.stderr ?? error.message,
  }));
  return { ok: !('failed' in run), text: run.stderr.trim().replaceAll(/\s*\n\s*/g, '; ') };
}
