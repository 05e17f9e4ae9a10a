import { connect } from 'node:net';
import { type Clock, systemClock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';
import type { Vantage } from './vantage.ts';

const patienceMs = durationMs(1_500);

/** Whether anything answers at `host:port` within 1.5 s; a refusal is an answer. */
export function reach(address: string, { sourceAddress }: Pick<Vantage, 'sourceAddress'>, clock: Clock = systemClock): Promise<boolean> {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(address.slice(at + 1)), ...(sourceAddress && { localAddress: sourceAddress }) });
    const answer = (reached: boolean): void => {
      cancel();
      socket.destroy();
      resolve(reached);
    };
    const cancel = clock.after(patienceMs, () => answer(false));
    socket.once('connect', () => answer(true));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => answer(code === 'ECONNREFUSED' || code === 'ECONNRESET'));
  });
}
