import { lookup } from 'node:dns';
import { isIP, type LookupFunction, connect as netConnect, type Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { z } from 'zod';
import { durationText } from '#lib/schema.ts';
import { type DurationMs, durationMs, formatDuration, iso, unixMs } from '#lib/time.ts';
import { explain } from './exchange.ts';
import { allowedOf, isRefused } from './guard.ts';
import { lineShape } from './http-shape.ts';
import { RefusedAddress, type Stage } from './line.ts';
import type { Look, Sight } from './probe.ts';

/** A conversation over a raw connection: guarded, timed by phase, and bounded in what it reads. */

export interface Address {
  host: string;
  port: number;
}

/** `host:port`, `[2001:db8::1]:port`, or the host alone where the protocol has a port of its own. */
export const addressText = (usualPort: number | null) =>
  z.string().transform((text, context): Address => {
    const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]{1,253}))(?::(\d{1,5}))?$/.exec(text);
    const port = parts?.[3] === undefined ? usualPort : Number(parts[3]);
    const host = parts?.[1] ?? parts?.[2];
    const isGood = host !== undefined && port !== null && port > 0 && port < 65_536 && (parts?.[1] === undefined || isIP(host) === 6);
    if (isGood) return { host, port };
    context.addIssue({ code: 'custom', message: `"${text}" is not an address`, params: { hint: `for example host.example:${usualPort ?? 9000}, [2001:db8::1]:${usualPort ?? 9000}` } });
    return z.NEVER;
  });

export const shownAddress = ({ host, port }: Address): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** The configuration keys kinds that may speak TLS share. */
export const wireShape = {
  verify_certificate: lineShape.verify_certificate,
  ca: lineShape.ca,
  metadata_addresses: lineShape.metadata_addresses,
  /** The certificate must be good for at least so long. */
  certificate_valid_for: durationText.optional(),
};

/** Whether a connection that begins in plain text is to be secured by the protocol's own command. */
export const upgradeText = z.enum(['never', 'optional', 'required']);

export interface WireOptions {
  to: Address;
  look: Look;
  config: { verify_certificate: boolean; ca?: string | undefined; metadata_addresses: 'refuse' | 'allow'; certificate_valid_for?: DurationMs | undefined };
  /** Bytes of one answer at most. */
  maxBytes: number;
  /** The protocol has a client of its own, which reads the connection itself. */
  ownClient?: boolean;
}

/** Finds the end of an answer; undefined asks for more bytes. */
export type Reader<Value> = (bytes: Buffer) => { value: Value; size: number } | undefined;

export interface Wire {
  send(bytes: string | Uint8Array): void;
  /** Rejects when the peer closes first, says more than is allowed, or the time is up. */
  receive<Value>(read: Reader<Value>): Promise<Value>;
  secure(options?: { protocols: string[] }): Promise<void>;
  /** The protocol both sides agreed on within TLS. */
  agreed(): string | null;
  /** Sends the last words and lets them leave. */
  end(bytes: string | Uint8Array): Promise<void>;
  /** The connection itself, for `ownClient`. */
  socket(): Socket;
  reached(stage: Stage): void;
  isSecure(): boolean;
  unread(): number;
}

/** How a conversation ended. */
export interface Said {
  outcome: Sight['outcome'];
  evidence: Readonly<Record<string, unknown>>;
}

export const failed = (kind: Extract<Sight['outcome'], { kind: 'fail' }>['failure']['kind'], reason: string): Sight['outcome'] => ({ kind: 'fail', failure: { kind, reason: reason.slice(0, 300) } });

class PeerClosed extends Error {}
class TooLong extends Error {}

/** Connects, talks and closes; never rejects for what a network can do. */
export async function overWire(options: WireOptions, talk: (wire: Wire) => Promise<Said>): Promise<Sight> {
  const { look, config } = options;
  const line = new Conversation(options);
  try {
    await line.connect();
    const said = await talk(line);
    const short = said.outcome.kind === 'pass' ? line.shortCertificate(config.certificate_valid_for) : null;
    return { outcome: short ?? said.outcome, phases: line.phases(), evidence: { ...line.peer(), ...said.evidence } };
  } catch (error) {
    // These come from our own reading, not from the network.
    if (error instanceof TypeError || error instanceof RangeError) throw error;
    const outcome = error instanceof TooLong ? failed('assertion', error.message) : explain(error, { stage: line.stage, signal: look.signal });
    return { outcome, phases: line.phases(), evidence: line.peer() };
  } finally {
    line.close();
  }
}

class Conversation implements Wire {
  readonly #options: WireOptions;
  #socket: Socket | TLSSocket | null = null;
  #secured: TLSSocket | null = null;
  #buffer: Buffer = Buffer.alloc(0);
  #ended: Error | null = null;
  #address: string | null = null;
  #certificateUntil: Date | null = null;
  #wake = (): void => {};
  stage: Stage = 'connect';
  #since: number;
  readonly #spent: Partial<Record<Stage, number>> = {};

  constructor(options: WireOptions) {
    this.#options = options;
    this.#since = options.look.clock.elapsed();
  }

  async connect(): Promise<void> {
    const { to, look, config } = this.#options;
    const { sourceAddress } = look.vantage;
    if (config.metadata_addresses === 'refuse' && isRefused(to.host)) throw new RefusedAddress(`${to.host} is a metadata or link-local address`);
    this.stage = isIP(to.host) === 0 ? 'dns' : 'connect';
    const socket = netConnect({ ...to, noDelay: true, lookup: this.#lookup(), ...(sourceAddress === null ? {} : { localAddress: sourceAddress }) });
    this.#socket = socket;
    await this.#until(socket, 'connect');
    this.#address = socket.remoteAddress ?? null;
    this.reached('firstByte');
    this.#listen(socket);
  }

  /** Waits for an event of a socket that is coming up. */
  #until(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
    const { signal } = this.#options.look;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      socket.on('error', reject);
      socket.once('close', () => reject(new PeerClosed('closed')));
      socket.once(event, resolve);
    });
  }

  #lookup(): LookupFunction {
    return (hostname, wanted, callback) => {
      lookup(hostname, { ...wanted, all: true }, (error, addresses) => {
        if (error) return callback(error, '', 0);
        this.reached('connect');
        const allowed = allowedOf(addresses, { allowMetadata: this.#options.config.metadata_addresses === 'allow', attempt: this.#options.look.attempt ?? 0 });
        const [first] = allowed;
        if (!first) return callback(new RefusedAddress(`${hostname} is a metadata or link-local address`), '', 0);
        if (wanted.all) callback(null, allowed);
        else callback(null, first.address, first.family);
      });
    };
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.stage === 'firstByte') this.reached('body');
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
    // A peer that talks without end is held back, not stored.
    if (this.#buffer.length > this.#options.maxBytes) this.#socket?.pause();
    this.#wake();
  };

  #listen(socket: Socket): void {
    if (this.#options.ownClient) return;
    const over = (error: Error) => {
      this.#ended ??= error;
      this.#wake();
    };
    socket.on('data', this.#onData);
    socket.on('error', over);
    socket.once('close', () => over(new PeerClosed('closed')));
    socket.once('end', () => over(new PeerClosed('closed')));
  }

  send(bytes: string | Uint8Array): void {
    this.#socket?.write(bytes);
  }

  async receive<Value>(read: Reader<Value>): Promise<Value> {
    const { look, maxBytes } = this.#options;
    for (;;) {
      const found = read(this.#buffer);
      if (found) {
        this.#buffer = this.#buffer.subarray(found.size);
        this.#socket?.resume();
        return found.value;
      }
      if (this.#buffer.length > maxBytes) throw new TooLong(`> ${maxBytes} B`);
      if (this.#ended) throw this.#ended;
      await this.#next(look.signal);
    }
  }

  #next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const leave = () => reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
      this.#wake = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
    });
  }

  async secure({ protocols }: { protocols: string[] } = { protocols: [] }): Promise<void> {
    const { to, config } = this.#options;
    const plain = this.socket();
    const before = this.stage;
    this.reached('tls');
    plain.removeListener('data', this.#onData);
    const secured = tlsConnect({
      socket: plain,
      host: to.host,
      rejectUnauthorized: config.verify_certificate,
      ...(protocols.length === 0 ? {} : { ALPNProtocols: protocols }),
      ...(isIP(to.host) === 0 ? { servername: to.host } : {}),
      ...(config.ca === undefined ? {} : { ca: config.ca }),
    });
    this.#socket = secured;
    this.#secured = secured;
    await this.#until(secured, 'secureConnect');
    // Read at once: once the peer hangs up it cannot be asked for.
    this.#certificateUntil = secured.getPeerX509Certificate()?.validToDate ?? null;
    this.reached(before);
    this.#listen(secured);
  }

  /** Closes the running phase and names the next. */
  reached(stage: Stage): void {
    const now = this.#options.look.clock.elapsed();
    this.#spent[this.stage] = (this.#spent[this.stage] ?? 0) + now - this.#since;
    this.#since = now;
    this.stage = stage;
  }

  agreed = (): string | null => this.#secured?.alpnProtocol || null;
  isSecure = (): boolean => this.#secured !== null;
  unread = (): number => this.#buffer.length;

  socket(): Socket {
    if (this.#socket === null) throw new Error('not connected');
    return this.#socket;
  }

  end(bytes: string | Uint8Array): Promise<void> {
    const { signal } = this.#options.look;
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      this.socket().once('close', () => resolve());
      this.socket().end(bytes, () => resolve());
    });
  }

  phases(): Sight['phases'] {
    this.reached(this.stage);
    return this.#spent;
  }

  peer(): Record<string, unknown> {
    const until = this.#certificateUntil;
    const protocol = this.#secured?.getProtocol();
    return { ...(this.#address === null ? {} : { address: this.#address }), ...(protocol ? { tls: protocol } : {}), ...(until ? { certificateUntil: iso(unixMs(until.getTime())) } : {}) };
  }

  shortCertificate(least: DurationMs | undefined): Sight['outcome'] | null {
    const until = this.#certificateUntil;
    if (least === undefined) return null;
    const left = until ? durationMs(until.getTime() - this.#options.look.clock.now()) : null;
    if (left !== null && left >= least) return null;
    return failed('tls', `certificate ${left === null ? '∅' : formatDuration(left)} < ${formatDuration(least)}`);
  }

  close(): void {
    this.#socket?.destroy();
  }
}
