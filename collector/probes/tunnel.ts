import type { Socket } from 'node:net';

/** A proxy says more than this only by mistake. */
const mostBytes = 16_000;

/** Asks a proxy to connect on to `host:port`; answers once, null when the way is open. */
export function tunnel(socket: Socket, { to, authorization }: { to: string; authorization: string | null }, done: (error: Error | null) => void): void {
  let head = Buffer.alloc(0);
  const finish = (error: Error | null) => {
    socket.off('data', read).off('end', ended);
    done(error);
  };
  const ended = () => finish(new Error('the proxy closed the connection'));
  const read = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) {
      if (head.length > mostBytes) finish(new Error('the proxy does not speak HTTP'));
      return;
    }
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(head.toString('latin1', 0, 20))?.[1];
    if (status?.startsWith('2') !== true) return finish(new Error(`the proxy answered ${status === undefined ? 'no HTTP' : `HTTP ${status}`}`));
    socket.pause();
    if (head.length > end + 4) socket.unshift(head.subarray(end + 4));
    finish(null);
  };
  socket.on('data', read).on('end', ended);
  socket.write(`CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n${authorization === null ? '' : `Proxy-Authorization: ${authorization}\r\n`}\r\n`);
}
