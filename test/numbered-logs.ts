/** Logs of numbered lines, and everything that happens to logs: written in pieces, renamed, copied and emptied, compressed, refilled, removed. */
import { appendFileSync, copyFileSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface NumberedLogsOptions {
  dir: string;
  total: number;
  chance(): number;
  /** Lets up to so many milliseconds go by. */
  pause(mostMs: number): Promise<void>;
}

function lineOf(number: number): string {
  const at = new Date(Date.now() - (number % 3) * 1000).toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1/$2/$3:$4 +0000');
  return `192.0.2.${number % 250} - - [${at}] "GET /item/${number} HTTP/1.1" ${number % 50 === 0 ? 500 : 200} 512 "-" "torture" rt=0.0${10 + (number % 80)}\n`;
}

export class NumberedLogs {
  readonly files: readonly string[];
  readonly #total: number;
  readonly #chance: () => number;
  readonly #pause: (mostMs: number) => Promise<void>;
  readonly #generations = new Map<string, number>();
  #written = 0;

  constructor({ dir, total, chance, pause }: NumberedLogsOptions) {
    this.files = ['counted', 'shifted', 'dated'].map((name) => join(dir, `${name}.log`));
    this.#total = total;
    this.#chance = chance;
    this.#pause = pause;
    for (const file of this.files) writeFileSync(file, '');
  }

  /** Lines written to their end so far. */
  get written(): number {
    return this.#written;
  }

  write(file: string, count: number): void {
    const end = Math.min(this.#total, this.#written + count);
    for (let text = ''; this.#written < end; text = '') {
      for (const stop = Math.min(end, this.#written + 50_000); this.#written < stop; this.#written++) text += lineOf(this.#written);
      appendFileSync(file, text);
    }
  }

  /** The end of a line comes later than its beginning. */
  async writeInPieces(file: string): Promise<void> {
    if (this.#written >= this.#total) return;
    const bytes = Buffer.from(lineOf(this.#written));
    const cut = 1 + Math.floor(this.#chance() * (bytes.length - 2));
    appendFileSync(file, bytes.subarray(0, cut));
    await this.#pause(400);
    appendFileSync(file, bytes.subarray(cut));
    this.#written++;
  }

  rename(file: string): void {
    const old = this.#aside(file);
    renameSync(file, old);
    // A server goes on writing to the old file until it is told to open the new one.
    this.write(old, Math.floor(this.#chance() * 50));
    writeFileSync(file, '');
  }

  copyAndTruncate(file: string): void {
    copyFileSync(file, this.#aside(file));
    truncateSync(file, 0);
  }

  /** The copy grows while it is looked at, and the original is emptied a while after. */
  async copySlowlyAndTruncate(file: string): Promise<void> {
    await this.#inPieces(readFileSync(file), this.#aside(file));
    await this.#pause(1_500);
    truncateSync(file, 0);
  }

  /** One of the generations put aside; while the archive grows the plain file is still there. */
  async compress(file: string): Promise<void> {
    const plain = generationsOf(file).filter((path) => !path.endsWith('.gz'));
    const old = plain[Math.floor(this.#chance() * Math.min(2, plain.length))];
    if (!old) return;
    await this.#inPieces(members(readFileSync(old)), `${old}.gz`);
    rmSync(old);
  }

  /** This and the next two only for what has been read: what was unread would be lost. */
  emptyAndRefill(file: string): void {
    const lines = readFileSync(file).length / 90;
    truncateSync(file, 0);
    this.write(file, Math.floor(lines * (this.#chance() < 0.5 ? 0.5 : 1.5)) + 20);
  }

  removeAndCreate(file: string): void {
    rmSync(file);
    writeFileSync(file, '');
    this.write(file, 200);
  }

  removeOldest(file: string): void {
    const oldest = generationsOf(file).at(-1);
    if (oldest) rmSync(oldest);
  }

  async #inPieces(bytes: Buffer, path: string): Promise<void> {
    const step = Math.max(1, Math.ceil(bytes.length / (1 + Math.floor(this.#chance() * 4))));
    writeFileSync(path, '');
    for (let at = 0; at < bytes.length; at += step) {
      appendFileSync(path, bytes.subarray(at, at + step));
      await this.#pause(500);
    }
  }

  /** The three ways rotation names what it puts aside: counted up, shifted along, dated. */
  #aside(file: string): string {
    const number = (this.#generations.get(file) ?? 0) + 1;
    this.#generations.set(file, number);
    if (file.includes('dated')) return `${file}-20261124${String(number).padStart(4, '0')}`;
    if (file.includes('counted')) return `${file}.${number}`;
    for (const old of generationsOf(file).reverse()) {
      const [, count = '0', packed = ''] = /\.(\d+)(\.gz)?$/.exec(old) ?? [];
      renameSync(old, `${file}.${Number(count) + 1}${packed}`);
    }
    return `${file}.1`;
  }
}

/** Newest first. */
function generationsOf(file: string): string[] {
  const numberOf = (path: string): number => Number(/[.-](\d+)(\.gz)?$/.exec(path)?.[1] ?? 0);
  const found = readdirSync(dirname(file))
    .filter((name) => name.startsWith(`${basename(file)}.`) || name.startsWith(`${basename(file)}-`))
    .map((name) => join(dirname(file), name))
    .sort((a, b) => numberOf(a) - numberOf(b));
  return file.includes('shifted') ? found : found.reverse();
}

/** An archive of two members, as appending to one makes it. */
function members(bytes: Buffer): Buffer {
  const middle = bytes.indexOf(10, bytes.length / 2) + 1;
  return Buffer.concat([gzipSync(bytes.subarray(0, middle), { level: 1 }), gzipSync(bytes.subarray(middle), { level: 1 })]);
}
