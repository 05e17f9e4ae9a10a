/** A started product that listens by every protocol logs come by, and what it stored of them. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { selfSigned } from '#demo/certificate.ts';
import { unixMs } from '#lib/time.ts';
import { type Instance, startInstance } from './instance.ts';
import { openConsole } from './kill-site.ts';

export interface WireSite {
  url: string;
  pid: number;
  home: string;
  /** Of scope ingest. */
  token: string;
  ports: Readonly<Record<'udp' | 'tcp' | 'lines' | 'tls', number>>;
  ask(path: string): Promise<Record<string, unknown>>;
  rows<Row>(sql: string): Promise<Row[]>;
  said(): string;
  stop(): Promise<number | null>;
}

/** Beside the sources that listen: lines of `sources`, and whole sections. */
export interface WireExtras {
  sources?: string;
  sections?: string;
}

const configText = (
  home: string,
  { udp, tcp, lines, tls }: WireSite['ports'],
  { sources = '', sections = '' }: WireExtras,
): string => `services: [ { id: web, name: { zh-CN: 演示服务, en: Demo service } } ]
sources:
  - { id: app, kind: http, service: web, format: syslog }
  - { id: udp, kind: syslog, service: web, protocol: udp, listen: "127.0.0.1:${udp}" }
  - { id: tcp, kind: syslog, service: web, protocol: tcp, listen: "127.0.0.1:${tcp}" }
  - { id: lines, kind: syslog, service: web, protocol: tcp, listen: "127.0.0.1:${lines}" }
  - { id: tls, kind: syslog, service: web, protocol: tls, listen: "127.0.0.1:${tls}", certificate: "${home}/server.pem", key: "${home}/server.key", client_ca: "${home}/client.pem" }
${sources}${sections}`;

/** `port` and the six after it have to be free. */
export async function openWireSite(port: number, extras: WireExtras = {}): Promise<WireSite> {
  const home = mkdtempSync(join(tmpdir(), 'fenghuo-wire-'));
  const dataDir = join(home, 'data');
  mkdirSync(dataDir);
  const day = 86_400_000;
  for (const [name, host] of Object.entries({ server: '127.0.0.1', client: 'sender.example' })) {
    const { cert, key } = selfSigned({ host, from: unixMs(Date.now() - day), until: unixMs(Date.now() + day) });
    writeFileSync(join(home, `${name}.pem`), cert);
    writeFileSync(join(home, `${name}.key`), key);
  }
  const ports = { udp: port + 3, tcp: port + 4, lines: port + 5, tls: port + 6 };
  writeFileSync(join(home, 'fenghuo.yaml'), configText(home, ports, extras));
  const instance: Instance = await startInstance({ dataDir, port, args: ['--config', join(home, 'fenghuo.yaml')] });
  const { ask } = await openConsole(instance);
  const made = await promisify(execFile)(process.execPath, ['main.ts', 'token', 'add', 'wire', '--scope', 'ingest', '--data', dataDir, '--json']);
  return {
    url: instance.url,
    pid: instance.pid,
    home,
    token: (JSON.parse(made.stdout) as { token: string }).token,
    ports,
    ask,
    rows: async <Row>(sql: string) => (await ask(`/api/v1/query?sql=${encodeURIComponent(sql)}`)).data as Row[],
    said: instance.stderr,
    async stop() {
      const code = await instance.stop();
      rmSync(home, { recursive: true, force: true });
      return code;
    },
  };
}
