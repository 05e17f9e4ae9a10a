import type { Server as HttpServer, IncomingMessage } from 'node:http';
import { Server, type Socket } from 'socket.io';
import type { AlertTopics } from '#alerts/alert.ts';
import type { CheckResult } from '#collector/check.ts';
import type { CollectorTopics } from '#collector/ports.ts';
import type { Bus } from '#lib/bus.ts';
import type { Clock } from '#lib/clock.ts';
import { type Loop, startLoop } from '#lib/loop.ts';
import { durationMs, iso, minute, second, type UnixMs } from '#lib/time.ts';
import type { RunbookTopics } from '#runbooks/ports.ts';
import { isoOrNull } from './api/answers.ts';
import type { People } from './api/ports.ts';
import type { Questions } from './api/questions.ts';
import type { ConsoleToServer, ServerToConsole } from './api/views.ts';

/** What the console listens to. */
export type ConsoleTopics = AlertTopics &
  Pick<CollectorTopics, 'checksStored' | 'logsStored'> &
  RunbookTopics & {
    noticesChanged: object;
    componentsChanged: object;
    faultsChanged: object;
    inboxChanged: object;
    configChanged: object;
  };

type Topic = Parameters<ServerToConsole['hint']>[0]['topic'];

interface LiveOptions {
  server: HttpServer;
  people: Pick<People, 'session'>;
  questions: Pick<Questions, 'newest'>;
  bus: Bus<ConsoleTopics>;
  clock: Clock;
  onError(error: unknown): void;
}

export interface Live {
  watchers(): number;
  loops(): readonly Loop[];
  stop(): Promise<void>;
}

/** Hints of one topic within this time are told as one. */
const gatherMs = durationMs(100);
const mostResults = 500;
const sessionsEvery = durationMs(2 * minute);

/** The live socket: hints for operational state, values only for what was newly stored, a pulse each second. */
export function startLive({ server, people, questions, bus, clock, onError }: LiveOptions): Live {
  const io = new Server<ConsoleToServer, ServerToConsole>(server, {
    transports: ['websocket'],
    perMessageDeflate: false,
    serveClient: false,
    maxHttpBufferSize: 4_096,
    allowRequest: (request, decide) =>
      void admitted(request, people).then(
        (ok) => decide(ok ? null : 'refused', ok),
        () => decide('refused', false),
      ),
  });
  const newest: { checks: UnixMs | null; logs: UnixMs | null } = { checks: null, logs: null };
  questions.newest({ now: clock.now() }).then((found) => {
    newest.checks = later(newest.checks, found.checks);
    newest.logs = later(newest.logs, found.logs);
  }, onError);
  const hints = gathered(clock, (topic, id) => io.emit('hint', { topic, id, at: iso(clock.now()) }));
  let stored: CheckResult[] = [];
  const stops = [
    ...hintsFrom(bus, hints.tell),
    bus.on('checksStored', ({ results }) => {
      for (const result of results) newest.checks = later(newest.checks, result.at);
      stored = [...stored, ...results].slice(-mostResults);
    }),
    bus.on('logsStored', () => {
      newest.logs = clock.now();
    }),
  ];
  async function pulse(now: UnixMs): Promise<{ backlog: number }> {
    io.emit('pulse', { at: iso(now), newest: { checks: isoOrNull(newest.checks), logs: isoOrNull(newest.logs) } });
    if (stored.length > 0) io.emit('checks', { at: iso(now), results: stored.map(checkFact) });
    stored = [];
    return { backlog: 0 };
  }
  const loops = [
    startLoop({ name: 'live', everyMs: second, clock, onError, run: pulse }),
    startLoop({ name: 'live sessions', everyMs: sessionsEvery, clock, onError, run: () => signedOut([...io.sockets.sockets.values()], people) }),
  ];
  return {
    watchers: () => io.engine.clientsCount,
    loops: () => loops,
    async stop() {
      for (const stop of stops) stop();
      hints.stop();
      await Promise.all(loops.map((loop) => loop.stop()));
      io.disconnectSockets(true);
      io.engine.close();
    },
  };
}

const later = (a: UnixMs | null, b: UnixMs | null): UnixMs | null => (a === null ? b : b === null ? a : a > b ? a : b);
const checkFact = ({ probeId, vantage, at, durationMs: took, outcome }: CheckResult) => ({ probe: probeId, vantage, at: iso(at), durationMs: took, outcome: outcome.kind });

/** Only a page of this very address, and only for someone signed in: a browser always says its origin when it opens a socket. */
async function admitted(request: IncomingMessage, people: Pick<People, 'session'>): Promise<boolean> {
  const { origin, host, cookie } = request.headers;
  const forwarded = request.headers['x-forwarded-host'];
  if (!origin || !URL.canParse(origin) || ![host, forwarded].includes(new URL(origin).host)) return false;
  return cookie !== undefined && (await people.session(new Headers({ cookie }))) !== null;
}

/** Disconnects sockets whose person has signed out or was disabled since. */
async function signedOut(sockets: readonly Socket[], people: Pick<People, 'session'>): Promise<{ backlog: number }> {
  const byCookie = Map.groupBy(sockets, (socket) => socket.handshake.headers.cookie ?? '');
  for (const [cookie, own] of byCookie) if ((await people.session(new Headers({ cookie }))) === null) for (const socket of own) socket.disconnect(true);
  return { backlog: 0 };
}

/** Tells the first hint of a topic after a moment, with those that came meanwhile; several ids become none: ask for all. */
function gathered(clock: Clock, tell: (topic: Topic, id: string | null) => void) {
  const waiting = new Map<Topic, { ids: Set<string | null>; cancel: () => void }>();
  return {
    tell(topic: Topic, id: string | null) {
      const known = waiting.get(topic);
      if (known) {
        known.ids.add(id);
        return;
      }
      const ids = new Set([id]);
      const cancel = clock.after(gatherMs, () => {
        waiting.delete(topic);
        tell(topic, ids.size === 1 ? ([...ids][0] ?? null) : null);
      });
      waiting.set(topic, { ids, cancel });
    },
    stop() {
      for (const { cancel } of waiting.values()) cancel();
      waiting.clear();
    },
  };
}

function hintsFrom(bus: Bus<ConsoleTopics>, tell: (topic: Topic, id: string | null) => void): (() => void)[] {
  return [
    bus.on('alertsChanged', ({ transitions }) => {
      for (const { fingerprint } of transitions) tell('alerts', fingerprint);
    }),
    bus.on('acknowledged', ({ alert }) => tell('alerts', alert.fingerprint)),
    bus.on('notificationsChanged', () => tell('alerts', null)),
    bus.on('incidentsChanged', ({ id }) => tell('incidents', id)),
    bus.on('runsChanged', ({ incidentId }) => tell('incidents', incidentId)),
    bus.on('noticesChanged', () => tell('notices', null)),
    bus.on('componentsChanged', () => tell('components', null)),
    bus.on('faultsChanged', () => tell('faults', null)),
    bus.on('inboxChanged', () => tell('inbox', null)),
    bus.on('configChanged', () => tell('config', null)),
  ];
}
