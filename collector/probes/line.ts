import { lookup } from 'node:dns';
import { isIP, type LookupFunction, connect as netConnect, type Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { Client } from 'undici';
import type { Phases, phaseNames } from '#collector/check.ts';
import type { Clock } from '#lib/clock.ts';
import { isRefused } from './guard.ts';

/** A connection to one origin that knows how long each part of getting through took. */

export type Stage = (typeof phaseNames)[number];

export interface LineOptions {
  clock: Clock;
  sourceAddress: string | null;
  verifyCertificate: boolean;
  /** More trusted authorities, PEM. */
  ca: string | null;
  allowMetadata: boolean;
}

export interface Line {
  client: Client;
  /** How far the connection is; `firstByte` once it is ready for requests. */
  stage(): Stage;
  /** Phases of connecting; given once, so that a second request over the same line does not count them again. */
  takePhases(): Phases;
  readyAt(): number | null;
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
  const client = new Client(origin, {
    pipelining: 1,
    // The check holds the only watch; two watches would report two different reasons.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (target, callback) => {
      const answered = once(callback);
      try {
        dial(target, { progress, options, callback: answered });
      } catch (error) {
        answered(error as Error, null);
      }
    },
  });
  return {
    client,
    stage: () => progress.stage,
    takePhases() {
      const taken = progress.phases;
      progress.phases = {};
      return taken;
    },
    readyAt: () => progress.readyAt,
    peer: () => progress.peer,
    abandon() {
      progress.socket?.destroy();
      client.destroy().catch(() => {});
    },
    close: () => void progress.socket?.destroy(),
  };
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

function dial(target: { hostname: string; port: string; protocol: string }, { progress, options, callback }: { progress: Progress; options: LineOptions; callback: Answered }): void {
  const secure = target.protocol === 'https:';
  const host = target.hostname.replace(/^\[|\]$/g, '');
  progress.since = options.clock.elapsed();
  if (isIP(host) !== 0 && !options.allowMetadata && isRefused(host)) throw new RefusedAddress(`${host} is a metadata or link-local address`);
  progress.stage = isIP(host) === 0 ? 'dns' : 'connect';
  const socket = netConnect({
    host,
    port: Number(target.port) || (secure ? 443 : 80),
    noDelay: true,
    lookup: timedLookup(progress, options),
    ...(options.sourceAddress === null ? {} : { localAddress: options.sourceAddress }),
  });
  progress.socket = socket;
  socket.once('error', (error) => callback(error, null));
  socket.once('connect', () => {
    finish(progress, options.clock, secure ? 'tls' : 'firstByte');
    progress.peer.address = socket.remoteAddress ?? null;
    if (secure) secureOver(socket, host, { progress, options, callback });
    else callback(null, socket);
  });
}

function secureOver(socket: Socket, host: string, { progress, options, callback }: { progress: Progress; options: LineOptions; callback: Answered }): void {
  const secured: TLSSocket = tlsConnect({
    socket,
    // Over a socket of our own the name to check has to be said again.
    host,
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: options.verifyCertificate,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(options.ca === null ? {} : { ca: options.ca }),
  });
  progress.socket = secured;
  secured.once('error', (error) => callback(error, null));
  secured.once('secureConnect', () => {
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
      const allowed = options.allowMetadata ? addresses : addresses.filter(({ address }) => !isRefused(address));
      const [first] = allowed;
      if (!first) return callback(new RefusedAddress(`${hostname} is a metadata or link-local address`), '', 0);
      if (wanted.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
