import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';

/** What rsyslog needs for the same log: imfile reads it, mmnormalize parses it, omfile writes one JSON object a line. Nothing is stored or rolled up. */
export interface Peer {
  linesPerSecond: number;
  cpuMicrosPerLine: number;
  residentPeakMB: number;
}

const rule =
  'version=2\nrule=:%client:word% %ident:word% %user:word% [%time:char-to:]%] "%method:word% %path:word% %protocol:char-to:"%" %status:number% %bytes:number% "%referer:char-to:"%" "%agent:char-to:"%" rt=%duration:float%\n';

const configOf = (dir: string, log: string): string => `global(workDirectory="${dir}")
module(load="imfile")
module(load="mmnormalize")
main_queue(queue.type="FixedArray" queue.size="200000" queue.dequeueBatchSize="2048" queue.workerThreads="2")
template(name="json" type="list") { property(name="$!all-json") constant(value="\\n") }
input(type="imfile" file="${log}" tag="access" ruleset="access" freshStartTail="off" maxSubmitAtOnce="2048")
ruleset(name="access") {
  action(type="mmnormalize" rulebase="${dir}/rules.rb" useRawMsg="off")
  action(type="omfile" file="${dir}/out.json" template="json" ioBufferSize="256k" flushOnTXEnd="off")
}
`;

/** The same log through Debian's rsyslog, or null, said loudly, where it is not installed. */
export async function throughRsyslog({ dir, log, lines }: { dir: string; log: string; lines: number }): Promise<Peer | null> {
  mkdirSync(dir);
  writeFileSync(join(dir, 'rules.rb'), rule);
  writeFileSync(join(dir, 'rsyslog.conf'), configOf(dir, log));
  const check = spawnSync('rsyslogd', ['-N1', '-f', join(dir, 'rsyslog.conf')], { encoding: 'utf8' });
  if (check.status !== 0 || /could not load module/i.test(check.stderr)) {
    console.error(`\n!!! NO PEER: rsyslog with imfile and mmnormalize is not there (apt-get install rsyslog). The figures below stand alone.\n${check.error?.message ?? check.stderr}`);
    return null;
  }
  const startedAt = systemClock.elapsed();
  const child = spawn('rsyslogd', ['-n', '-f', join(dir, 'rsyslog.conf'), '-i', join(dir, 'pid')], { stdio: 'ignore' });
  const out = join(dir, 'out.json');
  let [size, cpuMicros, peakMB, endedAt] = [0, 0, 0, startedAt];
  const read = (): void => {
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    cpuMicros = (Number(fields[11]) + Number(fields[12])) * 10_000;
    peakMB = Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1_000);
  };
  // The last buffer is written when it ends; what grows no more for two seconds is all there is before that.
  for (let still = 0; still < 20; ) {
    await systemClock.sleep(durationMs(100));
    const now = existsSync(out) ? statSync(out).size : 0;
    if (now > size) {
      size = now;
      endedAt = systemClock.elapsed();
      read();
    }
    still = now > 0 && endedAt + 100 < systemClock.elapsed() ? still + 1 : 0;
  }
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  await ended;
  const written = Number(spawnSync('wc', ['-l', out], { encoding: 'utf8' }).stdout.trim().split(' ')[0]);
  if (written !== lines) console.error(`\n!!! rsyslog wrote ${written} of ${lines} lines`);
  return { linesPerSecond: Math.round(lines / ((endedAt - startedAt) / 1_000)), cpuMicrosPerLine: Math.round((cpuMicros / lines) * 100) / 100, residentPeakMB: peakMB };
}
