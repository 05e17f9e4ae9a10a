import { lookup } from 'node:dns';
import { isIP, type LookupFunction, connect as netConnect, type Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { Client } from 'undici';
import type { Phases, phaseNames } from '#collector/check.ts';
import type { Clock } from '#lib/clock.ts';
import { allowedOf, isRefused } from './guard.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';
import type { Received } from './http-reader.ts';
import { receive, type Wire, type WireWatch } from './receive.ts';
import { tunnel } from './tunnel.ts';

/** A connection to one origin that knows how long each part of getting through took. */

export type Stage = (typeof phaseNames)[number];

export interface LineOptions {
  clock: Clock;
  sourceAddress: string | null;
  verifyCertificate: boolean;
  /** More trusted authorities, PEM. */
  ca: string | null;
  allowMetadata: boolean;
  /** Of the check: a re-check tries the next address of a name first. */
  attempt?: number | undefined;
  /** Absent: straight there, HTTP/1.1, whatever family answers. */
  dialing?: Dialing;
}

export interface Dialing {
  http: '1.1' | '2' | 'auto';
  /** 0 for either. */
  family: 0 | 4 | 6;
  /** Name to address; the name stays in Host and SNI. */
  resolve: Readonly<Record<string, string>>;
  proxy: { url: URL; authorization: string | null } | null;
  /** A client certificate, PEM, shown to this origin alone. */
  identity: { origin: string; cert: string; key: string } | null;
}

export interface Line {
  /** One request; rejects with what the network said, or with the signal's reason. */
  send(wire: Wire, watch: WireWatch): Promise<Received>;
  /** How far the connection is; `firstByte` once it is ready for requests. */
  stage(): Stage;
  /** Phases of connecting; given once, so that a second request over the same line does not count them again. */
  takePhases(): Phases;
  readyAt(): number | null;
  /** How a request names its target: whole, and with the proxy's credentials, to a proxy that passes it on. */
  aim(url: URL): { path: string; headers: Record<string, string> };
  peer(): Peer;
  /** Ends it in the middle of a request. */
  abandon(): void;
  /** Ends it after whole answers; dearer ways of ending would cost every check. */
  close(): void;
}

export interface Peer {
  address: string | null;
  protocol: string | null;
  certificateUntil: Date | null;
}

/** An address the guard keeps probes from. */
export class RefusedAddress extends Error {}

interface Progress {
  stage: Stage;
  phases: Partial<Record<Stage, number>>;
  since: number;
  readyAt: number | null;
  socket: Socket | null;
  peer: Peer;
}

/** Nothing is sent or connected before the first request. */
export function openLine(origin: string, options: LineOptions): Line {
  const progress: Progress = { stage: 'connect', phases: {}, since: 0, readyAt: null, socket: null, peer: { address: null, protocol: null, certificateUntil: null } };
  const { http = '1.1', proxy = null } = options.dialing ?? {};
  const connect = (target: Target, callback: Answered) => {
    const answered = once(callback);
    try {
      dial(target, { progress, options, callback: answered });
    } catch (error) {
      answered(error as Error, null);
    }
  };
  const client = http === '1.1' ? plainClient(origin, connect, options.clock) : anyClient(origin, connect);
  return {
    send: client.send,
    stage: () => progress.stage,
    takePhases() {
      const taken = progress.phases;
      progress.phases = {};
      return taken;
    },
    readyAt: () => progress.readyAt,
    aim(url) {
      const path = `${url.pathname}${url.search}`;
      if (proxy === null || url.protocol === 'https:') return { path, headers: {} };
      return { path: `${url.origin}${path}`, headers: proxy.authorization === null ? {} : { 'proxy-authorization': proxy.authorization } };
    },
    peer: () => progress.peer,
    abandon() {
      progress.socket?.destroy();
      client.destroy();
    },
    close: () => void progress.socket?.destroy(),
  };
}

interface Target {
  hostname: string;
  port: string;
  protocol: string;
}
type Connect = (target: Target, callback: Answered) => void;

function plainClient(origin: string, connect: Connect, clock: Clock): HttpClient {
  const url = new URL(origin);
  return createHttpClient({ host: url.host, clock, connect: (answer) => connect(url, answer) });
}

/** HTTP/2, or whatever the other side prefers. */
function anyClient(origin: string, connect: Connect): HttpClient {
  // The check holds the only watch; two watches would report two different reasons.
  const client = new Client(origin, { pipelining: 1, allowH2: true, headersTimeout: 0, bodyTimeout: 0, connect });
  return { send: (wire, watch) => receive(client, wire, watch), destroy: () => void client.destroy().catch(() => {}) };
}

type Answered = (...result: [null, Socket] | [Error, null]) => void;

function once(callback: Answered): Answered {
  let called = false;
  return (...result) => {
    if (called) return;
    called = true;
    callback(...result);
  };
}

function dial(target: Target, { progress, options, callback }: { progress: Progress; options: LineOptions; callback: Answered }): void {
  const secure = target.protocol === 'https:';
  const { proxy = null, resolve = {}, family = 0 } = options.dialing ?? {};
  const name = bare(target.hostname);
  const port = Number(target.port) || (secure ? 443 : 80);
  const host = proxy ? bare(proxy.url.hostname) : ((Object.hasOwn(resolve, name) ? resolve[name] : undefined) ?? name);
  progress.since = options.clock.elapsed();
  const refused = options.allowMetadata ? undefined : [name, host].find(isRefused);
  if (refused !== undefined) throw new RefusedAddress(`${refused} is a metadata or link-local address`);
  progress.stage = isIP(host) === 0 ? 'dns' : 'connect';
  const socket = netConnect({
    host,
    port: proxy ? Number(proxy.url.port) || 80 : port,
    family,
    noDelay: true,
    lookup: timedLookup(progress, options),
    ...(options.sourceAddress === null ? {} : { localAddress: options.sourceAddress }),
  });
  progress.socket = socket;
  socket.once('error', (error) => callback(error, null));
  socket.once('connect', () => {
    progress.peer.address = socket.remoteAddress ?? null;
    const through = (error: Error | null) => {
      if (error) return callback(error, null);
      finish(progress, options.clock, secure ? 'tls' : 'firstByte');
      if (secure) secureOver(socket, { host: name, port }, { progress, options, callback });
      else callback(null, socket);
    };
    if (proxy && secure) tunnel(socket, { to: `${target.hostname}:${port}`, authorization: proxy.authorization }, through);
    else through(null);
  });
}

const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');
const offered = { '1.1': ['http/1.1'], '2': ['h2'], auto: ['h2', 'http/1.1'] };

function secureOver(socket: Socket, { host, port }: { host: string; port: number }, { progress, options, callback }: { progress: Progress; options: LineOptions; callback: Answered }): void {
  const { http = '1.1', identity = null } = options.dialing ?? {};
  const origin = new URL(`https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`).origin;
  const secured: TLSSocket = tlsConnect({
    socket,
    // Over a socket of our own the name to check has to be said again.
    host,
    ALPNProtocols: offered[http],
    rejectUnauthorized: options.verifyCertificate,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(options.ca === null ? {} : { ca: options.ca }),
    ...(identity?.origin === origin ? { cert: identity.cert, key: identity.key } : {}),
  });
  progress.socket = secured;
  secured.once('error', (error) => callback(error, null));
  secured.once('secureConnect', () => {
    if (http === '2' && secured.alpnProtocol !== 'h2') return callback(new Error('the target does not speak HTTP/2'), null);
    finish(progress, options.clock, 'firstByte');
    progress.peer.protocol = secured.getProtocol();
    const until = secured.getPeerX509Certificate()?.validToDate;
    progress.peer.certificateUntil = until ?? null;
    callback(null, secured);
  });
}

/** Closes the running phase and names the next. */
function finish(progress: Progress, clock: Clock, next: Stage): void {
  const now = clock.elapsed();
  progress.phases[progress.stage] = now - progress.since;
  progress.since = now;
  progress.stage = next;
  if (next === 'firstByte') progress.readyAt = now;
}

function timedLookup(progress: Progress, options: LineOptions): LookupFunction {
  return (hostname, wanted, callback) => {
    lookup(hostname, { ...wanted, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      finish(progress, options.clock, 'connect');
      const allowed = allowedOf(addresses, { allowMetadata: options.allowMetadata, attempt: options.attempt ?? 0 });
      const [first] = allowed;
      if (!first) return callback(new RefusedAddress(`${hostname} is a metadata or link-local address`), '', 0);
      if (wanted.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
