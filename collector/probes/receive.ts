import type { Client, Dispatcher } from 'undici';
import type { Received } from './http-reader.ts';

export interface Wire {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | null;
  /** Reading ends here: a probe looks at an answer, it does not download it. */
  maxBytes: number;
}

export interface WireWatch {
  signal: AbortSignal;
  /** Called once the head of the answer is there. */
  onHead(): void;
}

const empty = Buffer.alloc(0);

/** One request over a client that speaks HTTP/2; rejects with what the network said, or with the signal's reason. */
export function receive(client: Client, wire: Wire, { signal, onHead }: WireWatch): Promise<Received> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const received: Received = { status: 0, headers: {}, bytes: empty };
    const chunks: Buffer[] = [];
    let size = 0;
    const leave = () => reject(signal.reason);
    const end = () => {
      signal.removeEventListener('abort', leave);
      received.bytes = chunks.length === 1 && chunks[0] ? chunks[0].subarray(0, wire.maxBytes) : Buffer.concat(chunks).subarray(0, wire.maxBytes);
      resolve(received);
    };
    signal.addEventListener('abort', leave, { once: true });
    client.dispatch(
      { method: wire.method as Dispatcher.HttpMethod, path: wire.path, headers: wire.headers, body: wire.body },
      {
        onRequestStart() {},
        onResponseStart(_, status, headers) {
          // 1xx answers come first and mean nothing to a probe.
          if (status < 200) return;
          received.status = status;
          received.headers = headers;
          onHead();
        },
        onResponseData(controller, chunk) {
          chunks.push(chunk);
          size += chunk.length;
          if (size < wire.maxBytes) return;
          end();
          controller.abort(new Error('enough'));
        },
        onResponseEnd: end,
        onResponseError(_, error) {
          signal.removeEventListener('abort', leave);
          reject(error);
        },
      },
    );
  });
}
