import type { Context, MiddlewareHandler } from 'hono';

/**
 * Refuses bodies over `maxSize` bytes. One that does not name its length is counted while it is read and handed on whole.
 * (Hono's own middleware wraps such a request in one of another class, which fails on this server.)
 */
export function limitBody({ maxSize, tooLarge }: { maxSize: number; tooLarge(c: Context): Response }): MiddlewareHandler {
  return async (c, next) => {
    const { url, method, headers, body } = c.req.raw;
    if (method === 'GET' || method === 'HEAD') return next();
    const length = headers.has('transfer-encoding') ? null : headers.get('content-length');
    if (length !== null) return Number(length) > maxSize ? tooLarge(c) : next();
    const whole = body ? await readUpTo(body, maxSize) : new Uint8Array();
    if (whole === null) return tooLarge(c);
    c.req.raw = new Request(url, { method, headers, body: whole });
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
