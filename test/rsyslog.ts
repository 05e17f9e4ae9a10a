/** Debian's rsyslogd with a configuration of its own, fed through a socket of its own. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './instance.ts';
import type { WireSite } from './wire-site.ts';

const program = '/usr/sbin/rsyslogd';
export const rsyslogIsThere = existsSync(program);
/** Its TLS comes in a package of its own. */
export const rsyslogSpeaksTls = ['/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_gtls.so', '/usr/lib/aarch64-linux-gnu/rsyslog/lmnsd_gtls.so'].some((path) => existsSync(path));
export const logger = '/usr/bin/logger';
export const loggerIsThere = existsSync(logger);

export interface Rsyslog {
  /** Lines handed to it by `logger`, an event a line. */
  log(lines: readonly string[], words: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

const forward = (words: Record<string, string | number>): string =>
  `action(type="omfwd" target="127.0.0.1" ${Object.entries(words)
    .map(([name, value]) => `${name}="${value}"`)
    .join(' ')})`;

const configText = (dir: string, { home, ports }: WireSite): string => `
global(workDirectory="${dir}" ${rsyslogSpeaksTls ? `DefaultNetstreamDriverCAFile="${home}/server.pem" DefaultNetstreamDriverCertFile="${home}/client.pem" DefaultNetstreamDriverKeyFile="${home}/client.key"` : ''})
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="${dir}/log" CreatePath="on")
${forward({ port: ports.udp, protocol: 'udp', template: 'RSYSLOG_ForwardFormat' })}
${forward({ port: ports.tcp, protocol: 'tcp', TCP_Framing: 'octet-counted', template: 'RSYSLOG_SyslogProtocol23Format' })}
${forward({ port: ports.lines, protocol: 'tcp', TCP_Framing: 'traditional', template: 'RSYSLOG_TraditionalForwardFormat' })}
${rsyslogSpeaksTls ? forward({ port: ports.tls, protocol: 'tcp', TCP_Framing: 'octet-counted', template: 'RSYSLOG_SyslogProtocol23Format', StreamDriver: 'gtls', StreamDriverMode: 1, StreamDriverAuthMode: 'x509/certvalid' }) : ''}
`;

export async function startRsyslog(site: WireSite): Promise<Rsyslog> {
  const dir = join(site.home, 'rsyslog');
  mkdirSync(dir);
  writeFileSync(join(dir, 'rsyslog.conf'), configText(dir, site));
  const child = spawn(program, ['-n', '-f', join(dir, 'rsyslog.conf'), '-i', join(dir, 'pid')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (said += bytes.toString()));
  await until(`rsyslogd's socket (${said})`, () => Promise.resolve(existsSync(join(dir, 'log'))), 10_000);
  return {
    async log(lines, words) {
      const handed = promisify(execFile)(logger, ['--socket', join(dir, 'log'), ...words], { timeout: 10_000 });
      handed.child.stdin?.end(`${lines.join('\n')}\n`);
      await handed;
    },
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      if (said !== '') process.stderr.write(`rsyslogd said: ${said}\n`);
    },
  };
}
