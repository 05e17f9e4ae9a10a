import { io } from 'socket.io-client';
import type { ServerToConsole } from '#console/api/views.ts';
import { systemClock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';

export type Link = 'connecting' | 'live' | 'late' | 'offline';

/** The wall clock of the page, one beat a second, corrected by what the server says. */
class Ticker {
  now: number = $state(systemClock.now());
  #offset = 0;
  start(): () => void {
    let stop = (): void => {};
    const beat = (): void => {
      this.now = systemClock.now() + this.#offset;
      stop = systemClock.after(durationMs(1000 - (systemClock.now() % 1000) + 5), beat);
    };
    beat();
    return () => stop();
  }
  correct(serverNow: number): void {
    const offset = serverNow - systemClock.now();
    // Within two seconds it is the way of the message, not a wrong clock.
    this.#offset = Math.abs(offset) > 2000 ? offset : 0;
  }
}
export const ticker = new Ticker();

/** What the page may re-read, gathered while a re-read is under way so a slow server is never asked twice at once. */
class Refresher {
  #wanted = new Set<string>();
  #busy = false;
  #again: (topics: ReadonlySet<string>) => Promise<void> = async () => {};
  use(again: (topics: ReadonlySet<string>) => Promise<void>): void {
    this.#again = again;
  }
  want(topic: string): void {
    this.#wanted.add(`live:${topic}`);
    if (this.#busy) return;
    this.#busy = true;
    systemClock.after(durationMs(120), () => void this.#run());
  }
  async #run(): Promise<void> {
    const topics = new Set(this.#wanted);
    this.#wanted.clear();
    try {
      await this.#again(topics);
    } finally {
      this.#busy = false;
      const [next] = this.#wanted;
      if (next !== undefined) this.want(next.slice('live:'.length));
    }
  }
}
export const refresher = new Refresher();

/** The live connection: hints make pages ask again, pulses say how old the newest data is. */
class Connection {
  state: Link = $state('connecting');
  newestAt: number | null = $state(null);
  lastPulseAt: number | null = $state(null);
  #telemetryAt = 0;
  #wasOpen = false;

  open(): () => void {
    const socket = io({ transports: ['websocket'], reconnectionDelayMax: 5000 });
    const listen = <Name extends keyof ServerToConsole>(name: Name, act: (fact: Parameters<ServerToConsole[Name]>[0]) => void): void => {
      socket.on(name as string, act as (...facts: unknown[]) => void);
    };
    socket.on('connect', () => {
      this.state = 'live';
      // What was missed while the line was down is asked for as a whole.
      if (this.#wasOpen) refresher.want('everything');
      this.#wasOpen = true;
    });
    socket.on('disconnect', () => {
      this.state = 'offline';
    });
    socket.on('connect_error', () => {
      this.state = 'offline';
    });
    listen('hint', (fact) => {
      refresher.want(fact.topic);
      refresher.want('session');
    });
    listen('checks', () => this.#telemetry());
    listen('pulse', (fact) => this.#pulse(fact));
    return () => void socket.close();
  }

  #pulse(fact: Parameters<ServerToConsole['pulse']>[0]): void {
    ticker.correct(Date.parse(fact.at));
    this.lastPulseAt = systemClock.now();
    const newest = [fact.newest.checks, fact.newest.logs].filter((at) => at !== null).map((at) => Date.parse(at));
    const moved = newest.length > 0 ? Math.max(...newest) : null;
    if (moved !== null && moved !== this.newestAt) this.#telemetry();
    this.newestAt = moved;
    this.state = 'live';
  }

  /** At most every two seconds, and not for a page nobody sees. */
  #telemetry(): void {
    const now = systemClock.now();
    if (now - this.#telemetryAt < 2000 || document.hidden) return;
    this.#telemetryAt = now;
    refresher.want('telemetry');
  }
}
export const connection = new Connection();

/** How the link stands now: an open socket without a pulse for five seconds is late, not live. */
export function linkState(state: Link, lastPulseAt: number | null, now: number): Link {
  return state === 'live' && lastPulseAt !== null && now - lastPulseAt > 5000 ? 'late' : state;
}
