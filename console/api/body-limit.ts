import type { Context, MiddlewareHandler } from 'hono';

/**
 * Refuses bodies over `maxSize` bytes. A request that names neither length nor encoding has no body; one in pieces is counted while it
 * is read and handed on whole. (Hono's own middleware wraps the request in one of another class, which fails on this server.)
 */
export function limitBody({ maxSize, tooLarge }: { maxSize: number; tooLarge(c: Context): Response }): MiddlewareHandler {
  return async (c, next) => {
    const inPieces = c.req.header('transfer-encoding') !== undefined;
    if (!inPieces) return Number(c.req.header('content-length') ?? 0) > maxSize ? tooLarge(c) : next();
    const body = c.req.raw.body ? await readUpTo(c.req.raw.body, maxSize) : new Uint8Array();
    if (body === null) return tooLarge(c);
    const { url, method, headers } = c.req.raw;
    if (method !== 'GET' && method !== 'HEAD') c.req.raw = new Request(url, { method, headers, body });
    return next();
  };
}

/** The whole body, or null when it is longer than allowed. */
async function readUpTo(body: ReadableStream<Uint8Array>, maxSize: number): Promise<Uint8Array<ArrayBuffer> | null> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > maxSize) return null;
    parts.push(part);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
