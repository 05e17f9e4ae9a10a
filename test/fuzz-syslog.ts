/** Messages of syslog that are none, over datagrams and connections. */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dice } from './fuzz-dice.ts';
import type { Sent } from './fuzz-http.ts';
import { mutated } from './fuzz-mutate.ts';

const message = (mark: string): Buffer => Buffer.from(`<11>1 ${new Date().toISOString()} host fuzz 7 ID [a@1 k="v"] ${mark}`);

const shapes: readonly ((dice: Dice) => Buffer)[] = [
  () => message('changed'),
  () => Buffer.from('<34>Oct 11 22:14:15 web su[7]: failed for root on /dev/pts/8'),
  () => Buffer.from('<13>Feb 29 25:61:61 host: x'),
  (dice) => Buffer.from(`<${dice.below(2_000)}>1 - - - - - - x`),
  (dice) => Buffer.from(`<11>1 - h a - - ${'[a k="v"'.repeat(10 ** dice.below(4))} x`),
  (dice) => Buffer.from(`<11>1 - h a - - [a k="${'\\"'.repeat(10 ** dice.below(5))}"] x`),
  (dice) => Buffer.from(`<11>message repeated ${'9'.repeat(1 + dice.below(30))} times: [ Failed password for root from 10.0.0.1 port 1 ssh2]`),
  (dice) => dice.bytes(dice.below(3_000)),
  (dice) => Buffer.alloc(dice.below(70_000), dice.pick(['x', '<', '1', ' ', '\n', '\u0000', '13812345678 '])),
];

const oneOf = (dice: Dice): Buffer => {
  const shape = dice.pick(shapes)(dice);
  return dice.once(4) ? shape : mutated(shape, dice);
};

export async function sendDatagram(port: number, dice: Dice): Promise<Sent> {
  const socket = createSocket('udp4');
  try {
    for (let times = dice.below(20); times >= 0; times--) {
      const bytes = oneOf(dice).subarray(0, 65_507);
      await new Promise<void>((done, fail) => socket.send(bytes, port, '127.0.0.1', (error) => (error ? fail(error) : done())));
    }
  } finally {
    socket.close();
  }
  await sleep(5);
  return { answer: 'datagrams', ms: 0, wrong: '' };
}

/** Counts that are right, wrong, missing, without end; pieces of any size; ends of any kind. */
export async function sendStream(port: number, dice: Dice): Promise<Sent> {
  const parts: Buffer[] = [];
  for (let times = dice.below(30); times >= 0; times--) {
    const body = oneOf(dice);
    const frames: (() => Buffer[])[] = [
      () => [Buffer.from(`${body.length} `), body],
      () => [body, Buffer.from('\n')],
      () => [Buffer.from(`${body.length + dice.below(9) - 4} `), body],
      () => [Buffer.from(`${'9'.repeat(1 + dice.below(12))} `), body],
      () => [Buffer.from(`0${body.length} `), body],
      () => [body],
      () => [Buffer.from('\r\n\u0000')],
    ];
    parts.push(...dice.pick(frames)());
  }
  const bytes = Buffer.concat(parts);
  const from = performance.now();
  const wrong = await new Promise<string>((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', ({ message: why }) => done(/ECONNREFUSED/.test(why) ? `the port is closed: ${why}` : ''));
    socket.on('close', () => done(''));
    socket.resume();
    const write = async (): Promise<void> => {
      const size = dice.pick([1, 7, 100, 65_536, 1_000_000]);
      for (let at = 0; at < Math.min(bytes.length, size * 2_000) && socket.writable; at += size)
        if (!socket.write(bytes.subarray(at, at + size))) await new Promise((drained) => socket.once('drain', drained).once('close', drained));
      if (dice.once(2)) socket.end();
      else socket.destroy();
    };
    socket.on('connect', () => void write());
  });
  return { answer: 'stream', ms: performance.now() - from, wrong };
}

export function lastDatagram(port: number, mark: string): Promise<void> {
  const socket = createSocket('udp4');
  return new Promise((done) => socket.send(message(mark), port, '127.0.0.1', () => socket.close(() => done())));
}

export function lastStream(port: number, mark: string): Promise<void> {
  const bytes = message(mark);
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(Buffer.concat([Buffer.from(`${bytes.length} `), bytes])));
    socket.on('close', () => done()).resume();
  });
}
