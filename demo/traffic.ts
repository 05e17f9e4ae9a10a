import { type DurationMs, durationMs } from '#lib/time.ts';
import { load } from './day-shape.ts';
import { someAttacker, someVisitor, type Visitor } from './people.ts';
import { type Served, type Service, serve } from './serve.ts';
import { passwordOf } from './world.ts';

/** The simulated public: people come by the hour of the day, log in, look up invoices, lose patience, come back. */
export interface Traffic {
  stop(): void;
}

/** Visits a second on an ordinary working morning; a visit makes about seven requests. */
export const visitsPerSecond = 0.7;
const guessesPerSecond = 4;
const patienceMs = durationMs(12_000);
/** More visits than this at once are turned away: while everything hangs, people must not pile up in memory. */
const mostAtOnce = 200;

export function startTraffic(service: Service): Traffic {
  const { clock, random, faults } = service.world;
  let atOnce = 0;
  const stopping = new AbortController();
  const cancels = { visits: () => {}, guesses: () => {} };

  function come(which: keyof typeof cancels, perSecond: () => number, visit: () => Promise<void>): void {
    const waitMs = (-Math.log(1 - random.next()) / perSecond()) * 1_000;
    cancels[which] = clock.after(durationMs(waitMs), () => {
      if (stopping.signal.aborted) return;
      if (atOnce < mostAtOnce) {
        atOnce++;
        void visit().finally(() => atOnce--);
      }
      come(which, perSecond, visit);
    });
  }

  come(
    'visits',
    () => visitsPerSecond * load(clock.now()),
    () => visit(service, stopping.signal),
  );
  come(
    'guesses',
    () => guessesPerSecond,
    () => (faults.isOn('brute-force') ? guess(service, stopping.signal) : Promise.resolve()),
  );
  return {
    stop() {
      stopping.abort(new Error('stopping'));
      cancels.visits();
      cancels.guesses();
    },
  };
}

interface Session {
  service: Service;
  visitor: Visitor;
  stopping: AbortSignal;
  token: string;
}

async function visit(service: Service, stopping: AbortSignal): Promise<void> {
  const { random } = service.world;
  const session: Session = { service, visitor: someVisitor(random), stopping, token: '' };
  try {
    if (!good(await ask(session, 'GET', { path: '/' }))) return;
    await think(session);
    for (let attempt = 0; attempt < 3 && session.token === ''; attempt++) session.token = await logIn(session);
    if (session.token === '') return;
    for (let left = random.whole(1, 3); left > 0; left--) {
      await think(session);
      await lookUp(session);
    }
  } catch {
    // The demo is stopping; the visit ends where it is.
  }
}

/** Returns the token, empty when it did not work. */
async function logIn(session: Session): Promise<string> {
  const { service, visitor } = session;
  const { captchas, random } = service.world;
  const captcha = dataOf(await ask(session, 'GET', { path: '/captcha' }));
  const id = typeof captcha.id === 'string' ? captcha.id : '';
  await think(session);
  const read = random.chance(0.03) ? 'WXYZ' : (captchas.answer(id) ?? '');
  const typed = random.chance(0.015) ? 'wrong' : (passwordOf(visitor.user) ?? '');
  const reply = dataOf(await ask(session, 'POST', { path: '/login', fields: { user: visitor.user, password: typed, captcha_id: id, captcha: read } }));
  return typeof reply.token === 'string' ? reply.token : '';
}

async function lookUp(session: Session): Promise<void> {
  const { invoices, random } = session.service.world;
  const invoice = invoices[random.whole(0, invoices.length - 1)];
  const number = random.chance(0.01) ? '26990999999999999999' : (invoice?.number ?? '');
  if (!good(await ask(session, 'POST', { path: '/query', fields: { number } }))) return;
  if (!random.chance(0.3)) return;
  await think(session);
  await ask(session, 'POST', { path: '/verify', fields: { number } });
}

async function guess(service: Service, stopping: AbortSignal): Promise<void> {
  const session: Session = { service, visitor: someAttacker(service.world.random), stopping, token: '' };
  const captcha = service.world.captchas.issue();
  await ask(session, 'POST', { path: '/login', fields: { user: session.visitor.user, password: '123456', captcha_id: captcha.id, captcha: service.world.captchas.answer(captcha.id) ?? '' } });
}

async function ask({ service, visitor, stopping, token }: Session, method: string, { path, fields = {} }: { path: string; fields?: Readonly<Record<string, string>> }): Promise<Served> {
  const leaving = new AbortController();
  const leave = () => leaving.abort(new Error('gone'));
  const cancel = service.world.clock.after(patienceMs, leave);
  stopping.addEventListener('abort', leave, { once: true });
  try {
    return await serve(service, { method, path, fields, token, client: visitor.client, clientPort: visitor.clientPort, userAgent: visitor.userAgent }, leaving.signal);
  } finally {
    cancel();
    stopping.removeEventListener('abort', leave);
  }
}

const good = (served: Served): boolean => served.ending === 'sent' && served.status < 400;

function dataOf(served: Served): Record<string, unknown> {
  if (served.ending !== 'sent' || !served.type.startsWith('application/json')) return {};
  const { data } = JSON.parse(served.body) as { data: Record<string, unknown> | null };
  return data ?? {};
}

const think = ({ service, stopping }: Session): Promise<void> => service.world.clock.sleep(durationMs(service.world.random.lognormal(900, 0.5)) as DurationMs, stopping);
