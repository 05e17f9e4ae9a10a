import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { z } from 'zod';
import { type Encoding, encodingOf } from '#collector/encoding.ts';
import { formatField } from '#collector/formats/index.ts';
import { proxiesField, proxiesText } from '#collector/formats/proxies.ts';
import { defineKind } from '#lib/kinds.ts';
import { idText, zoneText } from '#lib/schema.ts';
import { configOf, formatText } from './line-format.ts';
import type { RunningSource, Source, SourceContext } from './source.ts';
import { createFramer } from './syslog-frames.ts';
import { createInbox, type SyslogInbox } from './syslog-inbox.ts';

const utf8 = encodingOf('utf-8') as Encoding;
const protocols = ['udp', 'tcp', 'tls'] as const;
const addressText = z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[\w.-]+):\d{1,5}$/, { message: 'not host:port', params: { hint: 'for example 0.0.0.0:514' } } as never);

/** Messages that machines and devices send by syslog, over UDP, TCP or TLS. */
export const syslog = defineKind({
  kind: 'syslog',
  label: { 'zh-CN': '接收 syslog', en: 'Syslog from the network' },
  fields: [
    { id: 'id', label: { 'zh-CN': '名称', en: 'Name' }, input: 'text', required: true },
    { id: 'service', label: { 'zh-CN': '所属服务', en: 'Service' }, input: 'text', required: true, from: 'services' },
    {
      id: 'protocol',
      label: { 'zh-CN': '协议', en: 'Protocol' },
      input: 'select',
      required: true,
      options: protocols.map((value) => ({ value, label: { 'zh-CN': value.toUpperCase(), en: value.toUpperCase() } })),
    },
    { id: 'listen', label: { 'zh-CN': '监听地址', en: 'Listens at' }, input: 'text', required: true, help: { 'zh-CN': '例如 0.0.0.0:514', en: 'For example 0.0.0.0:514' } },
    { id: 'certificate', label: { 'zh-CN': '证书文件（TLS）', en: 'Certificate file (TLS)' }, input: 'text', required: false },
    { id: 'key', label: { 'zh-CN': '私钥文件（TLS）', en: 'Private key file (TLS)' }, input: 'text', required: false },
    {
      id: 'client_ca',
      label: { 'zh-CN': '客户端证书的 CA 文件（TLS）', en: 'CA file of client certificates (TLS)' },
      input: 'text',
      required: false,
      help: { 'zh-CN': '填写后只接受持有由它签发的证书的发送方', en: 'When given, only senders with a certificate it signed are let in' },
    },
    { ...formatField, required: false, help: { 'zh-CN': '正文的格式；syslog 的报头总会读取', en: "How the text is written; syslog's header is read in any case" } },
    { id: 'zone', label: { 'zh-CN': '时区', en: 'Time zone' }, input: 'text', required: false },
    proxiesField,
  ],
  shape: {
    id: idText,
    service: idText,
    protocol: z.enum(protocols),
    listen: addressText,
    certificate: z.string().min(1).optional(),
    key: z.string().min(1).optional(),
    client_ca: z.string().min(1).optional(),
    format: formatText.default('syslog'),
    zone: zoneText.optional(),
    trusted_proxies: proxiesText.optional(),
  },
  agree: ({ protocol, certificate, key, client_ca: clientCa }) => {
    if (protocol === 'tls') return certificate && key ? [] : [{ path: [certificate ? 'key' : 'certificate'], message: 'tls needs certificate and key', hint: 'name the two PEM files' }];
    return clientCa === undefined ? [] : [{ path: ['client_ca'], message: `${protocol} shows no certificates`, hint: 'only protocol: tls does' }];
  },
  make: ({ id, service, format: written, zone, client_ca: clientCa, trusted_proxies: proxies, ...config }): Source => {
    const format = { ...(proxies && { trusted_proxies: proxies }), ...configOf(written, zone), envelope: 'syslog' };
    return {
      id,
      kind: 'syslog',
      service,
      reads: { format, encoding: utf8 },
      start: (context) => {
        const inbox = createInbox({ source: id, service, format }, context, config.protocol === 'udp' ? 'drop' : 'wait');
        return config.protocol === 'udp' ? listenUdp(config.listen, inbox, context) : listenTcp({ ...config, clientCa }, inbox, context);
      },
    };
  },
});

function addressOf(listen: string): { host: string; port: number } {
  const colon = listen.lastIndexOf(':');
  return { host: listen.slice(0, colon).replace(/[[\]]/g, ''), port: Number(listen.slice(colon + 1)) };
}

/** What comes at once waits here while nobody can be slowed down; the system may give less. */
const udpBuffer = 8 * 1024 * 1024;

function listenUdp(listen: string, inbox: SyslogInbox, { onError }: SourceContext): RunningSource {
  const { host, port } = addressOf(listen);
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', recvBufferSize: udpBuffer });
  let open = 0;
  socket.on('listening', () => open++);
  socket.on('error', (error) => {
    inbox.fail(error);
    onError(error);
  });
  // Nobody waits for an answer, so nobody can be slowed down.
  socket.on('message', (bytes, { address }) => inbox.take([bytes], address));
  socket.bind(port, host);
  return {
    health: () => inbox.health(open),
    nudge: () => {},
    async stop() {
      await new Promise<void>((done) => socket.close(() => done()));
      await inbox.stop();
    },
  };
}

interface TcpConfig {
  protocol: (typeof protocols)[number];
  listen: string;
  certificate?: string | undefined;
  key?: string | undefined;
  clientCa?: string | undefined;
}

const mostConnections = 1_000;
const handshakeMs = 10_000;

function listenTcp(config: TcpConfig, inbox: SyslogInbox, { onError }: SourceContext): RunningSource {
  const sockets = new Set<Socket>();
  const fail = (error: unknown): void => {
    inbox.fail(error);
    onError(error);
  };
  const server = serverOf(
    config,
    (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      readMessages(socket, inbox);
    },
    fail,
  );
  return {
    health: () => inbox.health(sockets.size),
    nudge: () => {},
    async stop() {
      for (const socket of sockets) socket.destroy();
      if (server?.listening) await new Promise<void>((done) => server.close(() => done()));
      await inbox.stop();
    },
  };
}

/** Undefined when its certificate cannot be read, which is told like a port that is taken. */
function serverOf(config: TcpConfig, connected: (socket: Socket) => void, fail: (error: unknown) => void): Server | undefined {
  try {
    const server = config.protocol === 'tls' ? tlsServer(config, connected) : createServer(connected);
    server.maxConnections = mostConnections;
    server.on('error', fail);
    // One sender that cannot shake hands is no trouble of the others.
    server.on('tlsClientError', ({ code, message }: NodeJS.ErrnoException, socket: Socket) => fail(new Error(`TLS with ${socket.remoteAddress ?? 'a sender that left'}: ${code ?? message}`)));
    server.listen(addressOf(config.listen));
    return server;
  } catch (error) {
    fail(error);
    return undefined;
  }
}

function tlsServer({ certificate = '', key = '', clientCa }: TcpConfig, connected: (socket: Socket) => void): Server {
  const known = clientCa === undefined ? {} : { ca: readFileSync(clientCa), requestCert: true, rejectUnauthorized: true };
  return createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key), ...known, handshakeTimeout: handshakeMs }, connected);
}

/** A sender that is faster than the disk is not read until the disk has caught up. */
function readMessages(socket: Socket, inbox: SyslogInbox): void {
  const framer = createFramer();
  const peer = socket.remoteAddress ?? '';
  let cut = 0;
  const hand = (messages: readonly Buffer[]): void => {
    inbox.cut(framer.cut() - cut);
    cut = framer.cut();
    if (messages.length === 0) return;
    const room = inbox.take(messages, peer);
    if (!room) return;
    socket.pause();
    void room.then(() => socket.resume());
  };
  socket.on('data', (bytes) => hand(framer.push(bytes)));
  socket.on('end', () => {
    hand(framer.end());
    socket.end();
  });
  socket.on('error', () => socket.destroy());
}
