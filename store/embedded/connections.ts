import type { Clock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';
import { fault } from './fault.ts';
import type { Addon, Connection } from './native.ts';

/** Where the engine's own defaults are those of the command-line tool and not of a server. */
const serverDefaults = ['--implicit_select=0', '--allow_introspection_functions=0'];

/** A connection lent for one statement. */
export interface Lease {
  connection: Connection;
  /** The mark by which a running statement is found and killed. */
  tag: string;
  session: boolean;
  /** Must be called when nothing runs on the connection any more. */
  release(): void;
}

export interface SessionAsk {
  sessionId: string;
  sessionTimeoutSeconds: number;
  sessionMustExist: boolean;
}

interface Options {
  addon: Addon;
  path: string;
  clock: Clock;
  slots: Slots;
}

/** How many statements of each lane run at once; the rest wait in line. Two lanes, so that slow questions never hold up what has to be stored. */
export interface Slots {
  reads: number;
  writes: number;
}
export type Lane = keyof Slots;

const longestQueue = 1_000;

/**
 * Every statement gets a fresh connection (0.3 ms), as every request gets a fresh context on a server, so nothing sticks:
 * no setting, parameter, database or half-read result of the statement before. Only a named session keeps its own.
 */
export class Connections {
  readonly #options: Options;
  readonly #waiting: Record<Lane, (() => void)[]> = { reads: [], writes: [] };
  readonly #sessions = new Map<string, { connection: Connection; busy: boolean; expire: () => void }>();
  readonly #free: Slots;

  constructor(options: Options) {
    this.#options = options;
    this.#free = { ...options.slots };
  }

  async lend(ask: SessionAsk, lane: Lane): Promise<Lease> {
    const tag = crypto.randomUUID();
    if (ask.sessionId) return this.#lendSession(ask, { tag, lane });
    await this.#slot(lane);
    return this.#lease({ tag, lane, session: false, make: () => this.#open(tag), giveBack: (connection) => this.#options.addon.CloseConnection(connection) });
  }

  /** A connection beside the line, for killing and watching what the others run. */
  openControl(): Connection {
    return this.#open('control');
  }

  async #lendSession(ask: SessionAsk, { tag, lane }: { tag: string; lane: Lane }): Promise<Lease> {
    const known = this.#sessions.get(ask.sessionId);
    if (known?.busy) throw fault(373, 'SESSION_IS_LOCKED', `Session ${ask.sessionId} is locked by a concurrent client`);
    if (!known && ask.sessionMustExist) throw fault(372, 'SESSION_NOT_FOUND', `Session ${ask.sessionId} not found`);
    const session = known ?? { connection: this.#open(tag), busy: false, expire: () => {} };
    session.busy = true;
    session.expire();
    this.#sessions.set(ask.sessionId, session);
    await this.#slot(lane);
    const { addon, clock } = this.#options;
    const make = () => {
      addon.QueryWithConnection(session.connection, `SET log_comment = '${tag}'`, 'Null');
      return session.connection;
    };
    const giveBack = () => {
      session.busy = false;
      session.expire = clock.after(durationMs(ask.sessionTimeoutSeconds * 1000), () => {
        this.#sessions.delete(ask.sessionId);
        addon.CloseConnection(session.connection);
      });
    };
    return this.#lease({ tag, lane, session: true, make, giveBack });
  }

  #lease({ tag, lane, session, make, giveBack }: { tag: string; lane: Lane; session: boolean; make: () => Connection; giveBack: (connection: Connection) => void }): Lease {
    let connection: Connection;
    try {
      connection = make();
    } catch (error) {
      this.#leave(lane);
      throw error;
    }
    let lent = true;
    return {
      connection,
      tag,
      session,
      release: () => {
        if (!lent) return;
        lent = false;
        giveBack(connection);
        this.#leave(lane);
      },
    };
  }

  #open(tag: string): Connection {
    const { addon, path } = this.#options;
    return addon.CreateConnection(path, [`--log_comment=${tag}`, ...serverDefaults]);
  }

  #slot(lane: Lane): Promise<void> | void {
    if (this.#free[lane] > 0) this.#free[lane]--;
    else if (this.#waiting[lane].length >= longestQueue) throw fault(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', `Too many simultaneous queries: ${longestQueue} wait already`);
    else return new Promise((resolve) => this.#waiting[lane].push(resolve));
  }

  #leave(lane: Lane): void {
    const next = this.#waiting[lane].shift();
    if (next) next();
    else this.#free[lane]++;
  }
}
