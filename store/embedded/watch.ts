import type { ServerResponse } from 'node:http';
import type { Clock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';
import type { Answer } from './answer.ts';
import type { Addon, Connection } from './native.ts';
import type { Ask } from './request.ts';
import type { Tally } from './run.ts';

const progressMs = durationMs(100);

export interface Watching {
  /** Asks how far the statement is; only useful while it runs. */
  look(): Promise<void>;
  stop(): void;
  /** Adds what was read, as far as it was seen. */
  seen(tally: Tally): Tally;
}

/** Follows running statements from a connection beside them: kills them when the client has gone, and tells progress when asked to. */
export class Watch {
  readonly #addon: Addon;
  readonly #control: Connection;
  readonly #clock: Clock;
  #last: Promise<unknown> = Promise.resolve();

  constructor({ addon, control, clock }: { addon: Addon; control: Connection; clock: Clock }) {
    this.#addon = addon;
    this.#control = control;
    this.#clock = clock;
  }

  follow(tag: string, answer: Answer, { gone, ask }: { gone: ServerResponse; ask: Ask }): Watching {
    let running = true;
    let read = { readRows: 0, readBytes: 0 };
    const onGone = () => this.#killUntil(tag, () => !running);
    gone.once('close', onGone);
    const look = async () => {
      const [rows, bytes, total] = await this.#progress(tag);
      if (!running || rows === undefined) return;
      read = { readRows: rows, readBytes: bytes ?? 0 };
      if (ask.progress) answer.progress.push(JSON.stringify({ read_rows: String(rows), read_bytes: String(bytes ?? 0), total_rows_to_read: String(total ?? 0) }));
    };
    const again = () => {
      cancel = this.#clock.after(progressMs, () => void look().then(() => running && again()));
    };
    let cancel = () => {};
    if (ask.progress) again();
    return {
      look,
      stop() {
        running = false;
        cancel();
        gone.removeListener('close', onGone);
      },
      seen: (tally) => ({ ...tally, readRows: Math.max(tally.readRows, read.readRows), readBytes: Math.max(tally.readBytes, read.readBytes) }),
    };
  }

  /** The statement may not have begun when its client leaves, so this asks until it is over. */
  async #killUntil(tag: string, over: () => boolean): Promise<void> {
    while (!over()) {
      await this.#ask(`KILL QUERY WHERE Settings['log_comment'] = '${tag}' ASYNC`).catch(() => {});
      await this.#clock.sleep(durationMs(100));
    }
  }

  async #progress(tag: string): Promise<number[]> {
    const text = await this.#ask(`SELECT read_rows, read_bytes, total_rows_approx FROM system.processes WHERE Settings['log_comment'] = '${tag}' LIMIT 1`).catch(() => '');
    return text ? text.trim().split('\t').map(Number) : [];
  }

  #ask(sql: string): Promise<string> {
    const result = this.#last.then(() => this.#addon.QueryAsyncConnection(this.#control, sql, 'TabSeparated')).then(({ bytes }) => Buffer.from(bytes).toString());
    this.#last = result.catch(() => {});
    return result;
  }
}
