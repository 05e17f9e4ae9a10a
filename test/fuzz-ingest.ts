/**
 * Feeds a started product with what no sender should send, by every protocol it takes, and holds it to its word: documented answers only, in
 * time, in bounded memory, and what is sent well at the end is stored once.
 * `node test/fuzz-ingest.ts --protocol otlp-logs,loki --minutes 10 --seed 1 [--port 25000]`; `--protocol all` runs all side by side.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createDice, type Dice } from './fuzz-dice.ts';
import { post, type Sent, sendBadly, sendChanged } from './fuzz-http.ts';
import { httpProtocols } from './fuzz-seeds.ts';
import { lastDatagram, lastStream, sendDatagram, sendStream } from './fuzz-syslog.ts';
import { snapped } from './fuzz-wire.ts';
import { until } from './instance.ts';
import { openWireSite, type WireSite } from './wire-site.ts';

export const fuzzProtocols = [...Object.keys(httpProtocols), 'syslog-udp', 'syslog-tcp'];
const senders = 3;
const mostMemory = 2_000_000_000;

export interface FuzzReport {
  protocol: string;
  seed: number;
  cases: number;
  answers: Record<string, number>;
  slowestMs: number;
  mostMemoryMb: number;
  /** Empty when nothing was wrong; at most 20. */
  wrong: string[];
}

interface Way {
  send(dice: Dice): Promise<Sent>;
  /** Sends the one message that bears the mark. */
  last(mark: string): Promise<void>;
  found(mark: string): string;
}

function wayOf(site: WireSite, name: string): Way {
  const protocol = httpProtocols[name];
  if (protocol) {
    const headers = { 'content-type': protocol.contentType, ...(protocol.encoding && { 'content-encoding': protocol.encoding }) };
    return {
      send: (dice) => (dice.once(40) ? sendBadly(site, protocol, dice) : sendChanged(site, protocol, dice)),
      async last(mark) {
        const body = protocol.body(mark, Date.now());
        const { status, body: said } = await post(site, { path: protocol.path, headers, body: protocol.snapped ? snapped(body) : body });
        if (status >= 300) throw new Error(`a good request was answered ${status}: ${said.toString()}`);
      },
      found: protocol.found,
    };
  }
  const udp = name === 'syslog-udp';
  const port = udp ? site.ports.udp : site.ports.tcp;
  return {
    send: (dice) => (udp ? sendDatagram(port, dice) : sendStream(port, dice)),
    last: (mark) => (udp ? lastDatagram : lastStream)(port, mark),
    found: (mark) => `SELECT count() AS n FROM logs WHERE body = '${mark}'`,
  };
}

/** Bytes the process holds in memory. */
const memoryOf = (pid: number): number => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

export async function fuzz(site: WireSite, { protocol, seed, ms }: { protocol: string; seed: number; ms: number }): Promise<FuzzReport> {
  const report: FuzzReport = { protocol, seed, cases: 0, answers: {}, slowestMs: 0, mostMemoryMb: 0, wrong: [] };
  const way = wayOf(site, protocol);
  const end = performance.now() + ms;
  const tell = (wrong: string): void => {
    if (report.wrong.length < 20) report.wrong.push(wrong);
  };
  const sending = async (sender: number): Promise<void> => {
    const dice = createDice(seed * 1_000 + sender);
    for (let count = 0; performance.now() < end; count++) {
      const sent = await way.send(dice);
      report.cases++;
      report.answers[sent.answer] = (report.answers[sent.answer] ?? 0) + 1;
      report.slowestMs = Math.max(report.slowestMs, Math.round(sent.ms));
      if (sent.wrong === '') continue;
      tell(`case ${count} of sender ${sender}: ${sent.wrong}${kept(`${protocol}-${seed}-${sender}-${count}`, sent.body)}`);
    }
  };
  const watching = async (): Promise<void> => {
    while (performance.now() < end) {
      const alive = await fetch(`${site.url}/healthz`, { signal: AbortSignal.timeout(120_000) }).then(
        (answer) => answer.status,
        (error: Error) => error.message,
      );
      if (alive !== 200) tell(`/healthz: ${alive}`);
      const memory = memoryOf(site.pid);
      report.mostMemoryMb = Math.max(report.mostMemoryMb, Math.round(memory / 1e6));
      if (memory > mostMemory) tell(`${Math.round(memory / 1e6)} MB of memory`);
      await sleep(500);
    }
  };
  await Promise.all([watching(), ...Array.from({ length: senders }, (_, sender) => sending(sender))]).catch((error: Error) => tell(error.message));
  await lastIsStoredOnce(site, way, { name: protocol, dice: createDice(seed) }).catch((error: Error) => tell(error.message));
  return report;
}

/** Where the body that was answered wrongly can be looked at. */
function kept(name: string, body: Buffer | undefined): string {
  if (!body || body.length > 1_000_000) return '';
  const path = fileURLToPath(new URL(`output/fuzz-${name}.bin`, import.meta.url));
  mkdirSync(new URL('output/', import.meta.url), { recursive: true });
  writeFileSync(path, body);
  return ` (${path})`;
}

async function lastIsStoredOnce(site: WireSite, way: Way, { name, dice }: { name: string; dice: Dice }): Promise<void> {
  const mark = `last.${name}.${Array.from({ length: 12 }, () => dice.pick([...'abcdefghij'])).join('')}.${Date.now().toString(36).replaceAll(/\d/g, 'x')}`;
  const count = async (): Promise<number> => Number((await site.rows<{ n: string }>(way.found(mark)))[0]?.n);
  // What came before may still wait: datagrams have no other way to be slowed down.
  await sleep(500);
  await way.last(mark);
  await until(`the last message, ${mark}`, async () => (await count()) > 0, 120_000);
  await sleep(1_500);
  const times = await count();
  if (times !== 1) throw new Error(`the last message is there ${times} times`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { protocol: { type: 'string', default: 'all' }, minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' }, port: { type: 'string', default: '18980' } },
  });
  const chosen = values.protocol === 'all' ? fuzzProtocols : values.protocol.split(',');
  const unknown = chosen.find((name) => !fuzzProtocols.includes(name));
  if (unknown !== undefined) {
    process.stderr.write(`--protocol ${unknown} is none of all, ${fuzzProtocols.join(', ')}\n`);
    process.exit(2);
  }
  const site = await openWireSite(Number(values.port));
  const reports = await Promise.all(chosen.map((protocol) => fuzz(site, { protocol, seed: Number(values.seed), ms: Number(values.minutes) * 60_000 })));
  for (const report of reports) process.stdout.write(`${JSON.stringify(report)}\n`);
  const said = site.said().trim();
  if (said !== '') process.stderr.write(`the product said:\n${said.slice(-5_000)}\n`);
  const code = await site.stop();
  process.exit(code === 0 && reports.every(({ wrong }) => wrong.length === 0) ? 0 : 1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
