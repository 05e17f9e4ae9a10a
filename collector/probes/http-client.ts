import type { Socket } from 'node:net';
import type { Clock } from '#lib/clock.ts';
import { HttpReader, type Received } from './http-reader.ts';
import type { Wire, WireWatch } from './receive.ts';

/**
 * One HTTP/1.1 request after another over a connection of its own. A check makes a client, asks once and throws it away, so what
 * counts is what making one costs: a client made for many requests takes several times as long for the first.
 */
export interface HttpClient {
  send(wire: Wire, watch: WireWatch): Promise<Received>;
  /** Ends it at once; what is under way is never answered. */
  destroy(): void;
}

export interface HttpClientOptions {
  /** As in the Host header. */
  host: string;
  clock: Clock;
  connect(answer: (...result: [null, Socket] | [Error, null]) => void): void;
}

/** A server may close a connection that rests; one that rested so long is not used again. */
const longestRestMs = 4_000;

interface Asking {
  reader: HttpReader;
  resolve(received: Received): void;
  reject(error: unknown): void;
}

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const client = new Client(options);
  return { send: (wire, watch) => client.send(wire, watch), destroy: () => client.destroy() };
}

class Client implements HttpClient {
  readonly #options: HttpClientOptions;
  #socket: Socket | null = null;
  #restsSince = 0;
  #asking: Asking | null = null;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  send(wire: Wire, { signal, onHead }: WireWatch): Promise<Received> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const head = requestHead(wire, this.#options.host);
      const leave = () => reject(signal.reason);
      const over = () => {
        signal.removeEventListener('abort', leave);
        this.#asking = null;
      };
      const asking: Asking = {
        reader: new HttpReader({ method: wire.method, maxBytes: wire.maxBytes, onHead }),
        resolve(received) {
          over();
          resolve(received);
        },
        reject(error) {
          over();
          reject(error);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#asking = asking;
      this.#ready((error, socket) => {
        if (error) return asking.reject(error);
        if (wire.body === null) socket.write(head, 'latin1');
        else socket.write(Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(wire.body)]));
      });
    });
  }

  /** A connection that is up: the last one while the server keeps it, else a new one. */
  #ready(answer: (...result: [null, Socket] | [Error, null]) => void): void {
    const rested = this.#socket;
    if (rested && !rested.destroyed && this.#options.clock.elapsed() - this.#restsSince < longestRestMs) {
      answer(null, rested);
      return;
    }
    rested?.destroy();
    this.#options.connect((...result) => {
      const [, socket] = result;
      if (socket) this.#listen(socket);
      answer(...result);
    });
  }

  #listen(socket: Socket): void {
    this.#socket = socket;
    socket.on('data', (piece: Buffer) => this.#take(socket, piece));
    // Whoever brought it up may have held it back.
    socket.resume();
    const closed = () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      if (this.#asking?.reader.close()) this.#asking.resolve(this.#asking.reader.received());
      else this.#asking?.reject(new Error('the other side closed'));
    };
    socket.once('end', closed);
    socket.once('close', closed);
    socket.on('error', (error) => {
      if (this.#socket === socket) this.#asking?.reject(error);
    });
  }

  #take(socket: Socket, piece: Buffer): void {
    const asking = this.#asking;
    if (!asking) {
      // Nobody asked.
      socket.destroy();
      return;
    }
    try {
      if (!asking.reader.push(piece)) return;
    } catch (error) {
      socket.destroy();
      asking.reject(error);
      return;
    }
    if (asking.reader.keepsOpen()) this.#restsSince = this.#options.clock.elapsed();
    else {
      this.#socket = null;
      socket.destroy();
    }
    asking.resolve(asking.reader.received());
  }

  destroy(): void {
    this.#socket?.destroy();
  }
}

/** Headers that say how a message is framed are ours alone to write. */
const ours = new Set(['content-length', 'transfer-encoding', 'expect', 'upgrade', 'keep-alive', 'te', 'trailer']);
const takesBody = new Set(['POST', 'PUT', 'PATCH']);

function requestHead({ method, path, headers, body }: Wire, host: string): string {
  if (/[^\x21-\x7e\x80-\xff]/.test(path)) throw new Error('a path that is none');
  let hasHost = false;
  let hasConnection = false;
  let text = '';
  for (const name in headers) {
    const value = headers[name] ?? '';
    const key = name.toLowerCase();
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value) || ours.has(key) || (key === 'connection' && !/^(?:close|keep-alive)$/i.test(value))) throw new Error(`a header that cannot be sent: ${name}`);
    hasHost ||= key === 'host';
    hasConnection ||= key === 'connection';
    text += `${name}: ${value}\r\n`;
  }
  const length = body === null ? (takesBody.has(method) ? 'content-length: 0\r\n' : '') : `content-length: ${Buffer.byteLength(body)}\r\n`;
  return `${method} ${path} HTTP/1.1\r\n${hasHost ? '' : `host: ${host}\r\n`}${hasConnection ? '' : 'connection: keep-alive\r\n'}${text}${length}\r\n`;
}
