import { join, resolve } from 'node:path';
import type { Clock } from '#lib/clock.ts';
import { defaultSeed, demoConfig } from './demo-config.ts';
import type { Faults } from './faults.ts';
import { listen, reachable } from './listener.ts';
import { openLogFile } from './log-file.ts';
import { type Mail, startMailbox } from './mailbox.ts';
import type { Service } from './serve.ts';
import { startTraffic } from './traffic.ts';
import { createWorld } from './world.ts';

/** The demo as a whole: the fictional service with its users and logs, and a mailbox for what the alerts send. */
export interface Demo {
  url: string;
  smtpUrl: string;
  /** The configuration that watches it, ready to be read. */
  configYaml: string;
  logsDir: string;
  faults: Faults;
  inbox(): readonly Mail[];
  onMail(listener: (mail: Mail) => void): () => void;
  stop(): Promise<void>;
}

export interface DemoOptions {
  dataDir: string;
  host: string;
  /** The console's; the service takes the next, the mailbox the one after. 0 takes whatever is free. */
  port: number;
  clock: Clock;
  seed?: number;
  onError(error: unknown): void;
}

const maxLogBytes = 8_000_000;
/** Mails never come from elsewhere, whatever address the service listens on. */
const loopback = '127.0.0.1';

export async function startDemo({ dataDir, host, port, clock, seed = defaultSeed, onError }: DemoOptions): Promise<Demo> {
  const logsDir = resolve(dataDir, 'demo', 'logs');
  const world = createWorld({ clock, seed });
  const [accessLog, loginLog, mailbox] = await Promise.all([
    openLogFile({ path: join(logsDir, 'access.log'), maxBytes: maxLogBytes, keep: 3, clock, onError }),
    openLogFile({ path: join(logsDir, 'auth.log'), maxBytes: maxLogBytes, keep: 3, clock, onError }),
    startMailbox({ host: loopback, port: port === 0 ? 0 : port + 2, dir: resolve(dataDir, 'demo', 'mail'), clock, onError }),
  ]);
  const service: Service = { world, accessLog, loginLog };
  const listener = await listen({ host, port: port === 0 ? 0 : port + 1 }, { service, mailbox }).catch(async (error: unknown) => {
    await mailbox.stop();
    throw error;
  });
  const traffic = startTraffic(service);
  return {
    url: listener.url,
    smtpUrl: mailbox.url,
    configYaml: await demoConfig({ url: listener.url, smtpUrl: mailbox.url, logsDir, consoleUrl: `http://${reachable(host)}:${port}` }),
    logsDir,
    faults: world.faults,
    inbox: () => mailbox.mails(),
    onMail: (listen) => mailbox.onMail(listen),
    async stop() {
      traffic.stop();
      world.faults.stop();
      await Promise.all([listener.stop(), mailbox.stop()]);
      await Promise.all([accessLog.close(), loginLog.close()]);
    },
  };
}
