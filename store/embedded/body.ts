import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { fault } from './fault.ts';

/** As much of a body as may hold SQL before data begins; a server's `max_query_size`. */
const headBytes = 262_144;
const longestStatement = 64 * 1024 * 1024;

/** A body being read: its first bytes are at hand, the rest still flows. */
export interface Body {
  head: Buffer;
  /** Everything is in `head`. */
  whole: boolean;
  /** Reads on to the end and gives all bytes; refuses what is too long for a statement. */
  all(): Promise<Buffer>;
  /** Writes `before` and then everything from `skip` on to a file, whatever its size. */
  toFile(path: string, options: { before: Buffer; skip: number }): Promise<void>;
}

export const noBody: Body = { head: Buffer.alloc(0), whole: true, all: async () => Buffer.alloc(0), toFile: async () => {} };

const decoders = { gzip: createGunzip, br: createBrotliDecompress, deflate: createInflate, zstd: createZstdDecompress } as const;

type Flow = AsyncIterator<Buffer> & AsyncIterable<Buffer>;

/** Calls `use` with the request's body, its Content-Encoding undone; whatever `use` leaves of it is read to its end, so that the client can finish sending and hear the answer. */
export async function withBody<Result>(request: IncomingMessage, use: (body: Body) => Promise<Result>): Promise<Result> {
  const flow = decoded(request).iterator({ destroyOnReturn: false }) as Flow;
  try {
    return await use(await begin(flow));
  } finally {
    await flow.return?.(undefined).catch(() => {});
    request.unpipe();
    request.resume();
  }
}

async function begin(flow: Flow): Promise<Body> {
  const chunks: Buffer[] = [];
  let size = 0;
  let whole = false;
  while (size < headBytes && !whole) {
    const next = await flow.next();
    if (next.done) whole = true;
    else size += chunks[chunks.push(next.value) - 1]?.length ?? 0;
  }
  const head = Buffer.concat(chunks);
  return {
    head,
    whole,
    async all() {
      const parts: Buffer[] = [head];
      let total = head.length;
      for (let next = await flow.next(); !next.done; next = await flow.next()) {
        total += next.value.length;
        if (total > longestStatement) throw fault(307, 'TOO_MANY_BYTES', 'The query is too long');
        parts.push(next.value);
      }
      return parts.length === 1 ? head : Buffer.concat(parts);
    },
    async toFile(path, { before, skip }) {
      await writeFile(path, Buffer.concat([before, head.subarray(skip)]), { mode: 0o600 });
      if (!whole) await pipeline(flow, createWriteStream(path, { flags: 'a', highWaterMark: 1 << 20 }));
    },
  };
}

function decoded(request: IncomingMessage): Readable {
  const encoding = request.headers['content-encoding'];
  if (!encoding || encoding === 'identity') return request;
  if (!(encoding in decoders)) throw fault(89, 'UNKNOWN_COMPRESSION_METHOD', `Unknown compression method: ${encoding}`);
  const decoder = decoders[encoding as keyof typeof decoders]();
  request.on('error', (error) => decoder.destroy(error));
  request.on('close', () => {
    if (!request.complete) decoder.destroy(new Error('the client went away'));
  });
  return request.pipe(decoder);
}
