import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '#lib/clock.ts';
import { Answer, type ServerFacts } from './answer.ts';
import { type Body, noBody, withBody } from './body.ts';
import type { Connections, Lease } from './connections.ts';
import { asFault, fault } from './fault.ts';
import { assertRoom, leavesDoubt, type TokenTurns } from './insert-guard.ts';
import type { Addon } from './native.ts';
import { type Ask, authenticate, readAsk, readForm } from './request.ts';
import { type Job, run, type Sink } from './run.ts';
import { handOverHeader, type Spill } from './spill.ts';
import { assertOnlyReads, insertFromFile, readStatement, type Statement } from './statement.ts';
import type { Watch, Watching } from './watch.ts';

export interface ServerParts {
  addon: Addon;
  connections: Connections;
  spill: Spill;
  watch: Watch;
  clock: Clock;
  facts: ServerFacts;
  password: string;
  dataDir: string;
  turns: TokenTurns;
  /** Whether a body lies there that was laid down for us. */
  isHandedOver(path: string): boolean;
  /** An insert failed in a way that leaves the engine's memory and its disk in disagreement. Called before the client hears of it. */
  onDoubt(reason: string): void;
}

/** The ClickHouse HTTP interface over the embedded engine. */
export function createEngineServer(parts: ServerParts): Server {
  // Parameters come in the address; a server takes one of a mebibyte.
  const server = createServer({ maxHeaderSize: 1_100_000 }, (request, response) => {
    handle(parts, request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.keepAliveTimeout = 30_000;
  server.requestTimeout = 0;
  return server;
}

async function handle(parts: ServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://engine');
  if (url.pathname === '/ping' || url.pathname === '/replicas_status') return plain(response, 200, 'Ok.\n');
  if (url.pathname !== '/' && url.pathname !== '/query')
    return plain(response, 404, `There is no handle ${url.pathname}\n\nUse / or /ping for health checks.\nSend queries from your program with POST method or GET /?query=...\n`);
  let ask: Ask = { queryId: '', format: '', compress: false } as Ask;
  try {
    authenticate(url, request, parts.password);
    ask = readAsk(url, request);
  } catch (error) {
    return new Answer(response, ask, parts).fail(asFault(error));
  }
  if (request.method === 'GET' && !ask.query) return plain(response, 200, 'Ok.\n');
  await answer(parts, { ask, request, response });
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=UTF-8', 'Content-Length': Buffer.byteLength(text) }).end(text);
}

async function answer(parts: ServerParts, { ask, request, response }: { ask: Ask; request: IncomingMessage; response: ServerResponse }): Promise<void> {
  const reply = new Answer(response, ask, parts);
  const startedAt = parts.clock.elapsed();
  let file: string | undefined;
  let lease: Lease | undefined;
  let inserting = false;
  let done = (): void => {};
  try {
    const job = await received(request, ask, async (body) => {
      const { sql, statement, data } = await understand(ask, body);
      if (ask.settings.get('readonly') === '1') assertOnlyReads(sql);
      if (statement.kind !== 'insert' || !statement.format) return { ask, statement, sql: sql.slice(0, statement.end) };
      const handed = request.headers[handOverHeader]?.toString();
      if (handed !== undefined) {
        if (!parts.isHandedOver(handed)) throw fault(481, 'PATH_ACCESS_DENIED', `${handOverHeader} does not name a body that was handed over`);
        return { ask, statement, sql: insertFromFile(sql, statement, handed) };
      }
      file = parts.spill.path(Number(request.headers['content-length'] ?? 0) * (request.headers['content-encoding'] ? 10 : 1));
      await body.toFile(file, data);
      return { ask, statement, sql: insertFromFile(sql, statement, file) };
    });
    const { statement } = job;
    if (statement.kind === 'insert') await assertRoom(parts.dataDir);
    if (statement.kind === 'read') reply.format = statement.format ?? ask.format;
    lease = await parts.connections.lend(ask, statement.kind === 'read' ? 'reads' : 'writes');
    if (response.closed) return;
    const watching = parts.watch.follow(lease.tag, reply, { gone: response, ask });
    inserting = statement.kind === 'insert';
    done = await parts.turns.take(inserting ? ask.settings.get('insert_deduplication_token') : undefined);
    const tally = await run(parts.addon, lease, { job, sink: ask.progress || ask.waitForEnd ? watched(reply, watching) : reply }).finally(() => watching.stop());
    reply.end({ ...watching.seen(tally), elapsedNs: Math.round((parts.clock.elapsed() - startedAt) * 1e6) });
  } catch (error) {
    const known = asFault(error);
    // Before the answer: whoever sends the batch again must not find the engine as it is now.
    if (inserting && leavesDoubt(known)) parts.onDoubt(known.message);
    reply.fail(file ? asFault(new Error(known.message.replaceAll(file, 'the request body'))) : known);
  } finally {
    done();
    lease?.release();
    if (file) await parts.spill.remove(file);
  }
}

/** Reads the request as far as it takes to have a job; a form's fields count as if they came in the address. */
function received(request: IncomingMessage, ask: Ask, understood: (body: Body) => Promise<Job>): Promise<Job> {
  if (request.method === 'GET' || request.method === 'HEAD') return understood(noBody);
  const { 'content-type': contentType = '' } = request.headers;
  return withBody(request, async (body) => {
    if (!contentType.startsWith('multipart/form-data')) return understood(body);
    await readForm(ask, await body.all(), contentType);
    return understood(noBody);
  });
}

/** Who asks for counts gets true ones: the engine tells them only while the statement still runs. */
function watched(reply: Answer, watching: Watching): Sink {
  return {
    get closed() {
      return reply.closed;
    },
    async write(bytes) {
      await watching.look();
      await reply.write(bytes);
    },
  };
}

interface Understood {
  sql: string;
  statement: Statement;
  /** Which bytes are data. */
  data: { before: Buffer; skip: number };
}

/**
 * The SQL is `query` of the URL, a newline, and the body; data may begin in either. Read as Latin-1, so that offsets are
 * offsets of bytes whatever the data is; only the SQL part is then read as UTF-8.
 */
async function understand(ask: Ask, body: Body): Promise<Understood> {
  const start = Buffer.from(ask.query ? `${ask.query}\n` : '');
  const read = (bytes: Buffer): Understood => {
    const raw = bytes.toString('latin1');
    const statement = readStatement(raw);
    const dataStart = statement.kind === 'insert' ? statement.dataStart : bytes.length;
    return { ...inUtf8(raw, statement), data: { before: start.subarray(Math.min(dataStart, start.length)), skip: Math.max(0, dataStart - start.length) } };
  };
  const atFirst = read(Buffer.concat([start, body.head]));
  const complete = body.whole || (atFirst.statement.kind === 'insert' && atFirst.statement.format !== undefined);
  return complete ? atFirst : read(Buffer.concat([start, await body.all()]));
}

/** Shifts the statement's offsets from bytes to characters. */
function inUtf8(raw: string, statement: Statement): { sql: string; statement: Statement } {
  const text = (end: number) => Buffer.from(raw.slice(0, end), 'latin1').toString();
  const shift = (end: number) => text(end).length;
  const sql = text(statement.kind === 'insert' ? statement.dataStart : statement.end);
  if (statement.kind !== 'insert') return { sql, statement: { ...statement, end: sql.length } };
  const { input, settingsStart } = statement;
  return {
    sql,
    statement: {
      ...statement,
      end: shift(statement.end),
      headEnd: shift(statement.headEnd),
      settingsStart: settingsStart === undefined ? undefined : shift(settingsStart),
      input: input && { start: shift(input.start), end: shift(input.end), structure: Buffer.from(input.structure, 'latin1').toString() },
    },
  };
}
