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
  /** How many statements run at once; the rest wait in line. */
  slots: number;
}

/**
 * Every statement gets a fresh connection (0.3 ms), as every request gets a fresh context on a server, so nothing sticks:
 * no setting, parameter, database or half-read result of the statement before. Only a named session keeps its own.
 */
export class Connections {
  readonly #options: Options;
  readonly #waiting: (() => void)[] = [];
  readonly #sessions = new Map<string, { connection: Connection; busy: boolean; expire: () => void }>();
  #free: number;

  constructor(options: Options) {
    this.#options = options;
    this.#free = options.slots;
  }

  async lend(ask: SessionAsk): Promise<Lease> {
    const tag = crypto.randomUUID();
    if (ask.sessionId) return this.#lendSession(ask, tag);
    await this.#slot();
    return this.#lease({ tag, session: false, make: () => this.#open(tag), giveBack: (connection) => this.#options.addon.CloseConnection(connection) });
  }

  /** A connection beside the line, for killing and watching what the others run. */
  openControl(): Connection {
    return this.#open('control');
  }

  async #lendSession(ask: SessionAsk, tag: string): Promise<Lease> {
    const known = this.#sessions.get(ask.sessionId);
    if (known?.busy) throw fault(373, 'SESSION_IS_LOCKED', `Session ${ask.sessionId} is locked by a concurrent client`);
    if (!known && ask.sessionMustExist) throw fault(372, 'SESSION_NOT_FOUND', `Session ${ask.sessionId} not found`);
    const session = known ?? { connection: this.#open(tag), busy: false, expire: () => {} };
    session.busy = true;
    session.expire();
    this.#sessions.set(ask.sessionId, session);
    await this.#slot();
    const { addon, clock } = this.#options;
    addon.QueryWithConnection(session.connection, `SET log_comment = '${tag}'`, 'Null');
    const giveBack = () => {
      session.busy = false;
      session.expire = clock.after(durationMs(ask.sessionTimeoutSeconds * 1000), () => {
        this.#sessions.delete(ask.sessionId);
        addon.CloseConnection(session.connection);
      });
    };
    return this.#lease({ tag, session: true, make: () => session.connection, giveBack });
  }

  #lease({ tag, session, make, giveBack }: { tag: string; session: boolean; make: () => Connection; giveBack: (connection: Connection) => void }): Lease {
    let connection: Connection;
    try {
      connection = make();
    } catch (error) {
      this.#leave();
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
        this.#leave();
      },
    };
  }

  #open(tag: string): Connection {
    const { addon, path } = this.#options;
    return addon.CreateConnection(path, [`--log_comment=${tag}`, ...serverDefaults]);
  }

  #slot(): Promise<void> | void {
    if (this.#free > 0) this.#free--;
    else return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
