import type { Lease } from './connections.ts';
import { asFault } from './fault.ts';
import type { Addon, Connection } from './native.ts';
import type { Ask } from './request.ts';
import type { Statement } from './statement.ts';

/** Where a result goes as it comes. */
export interface Sink {
  /** The client is gone; nothing more is wanted. */
  readonly closed: boolean;
  write(bytes: Uint8Array): Promise<void>;
}

/** What a statement did, in true counts. */
export interface Tally {
  readRows: number;
  readBytes: number;
  writtenRows: number;
  writtenBytes: number;
  resultRows: number;
  resultBytes: number;
}

export interface Job {
  /** Ready to run: data, if any, comes from a file. */
  sql: string;
  statement: Statement;
  ask: Ask;
}

export const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`;
const named = (text: string): string => `\`${text.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
const nothing = Buffer.alloc(0);

/** Runs one statement on a lent connection and writes its result to `sink`; throws ClickHouse's own faults. */
export async function run(addon: Addon, lease: Lease, { job, sink }: { job: Job; sink: Sink }): Promise<Tally> {
  const restore = prepare(addon, lease, job.ask);
  try {
    return await perform(addon, lease.connection, { job, sink });
  } catch (error) {
    // A failed statement's rows would come out with the next answer of the same session.
    if (lease.session) await addon.QueryAsyncConnection(lease.connection, 'SELECT 1', 'Null').catch(() => {});
    throw asFault(error);
  } finally {
    restore();
  }
}

/** Gives the connection the request's database, settings and parameters; returns how to undo it for a session. */
function prepare(addon: Addon, { connection, session }: Lease, ask: Ask): () => void {
  const command = (sql: string) => {
    try {
      return addon.QueryWithConnection(connection, sql, 'TabSeparated');
    } catch (error) {
      throw asFault(error);
    }
  };
  if (ask.database) command(`USE ${named(ask.database)}`);
  const undo = session ? previous(command, [...ask.settings.keys()]) : '';
  const wanted = [...ask.settings].map(([name, value]) => `${name} = ${quoted(value)}`);
  // Parameter values are read by the type they are used with, in the escaped form they came in, exactly as over HTTP.
  const params = [...ask.params].map(([name, value]) => `param_${name} = ${quoted(value)}`);
  for (const name of [...ask.settings.keys(), ...ask.params.keys()])
    if (!/^\w+$/.test(name)) throw asFault(new Error(`Code: 115. DB::Exception: ${quoted(name)} is not the name of a setting or parameter. (UNKNOWN_SETTING)`));
  if (params.length > 0) command(`SET ${params.join(', ')}`);
  if (wanted.length > 0) command(`SET ${wanted.join(', ')}`);
  return () => {
    if (undo) command(undo);
  };
}

/** The SET that brings a session's settings back to what they are now. */
function previous(command: (sql: string) => string, names: string[]): string {
  if (names.length === 0) return '';
  const changed = command(`SELECT name, value FROM system.settings WHERE changed AND name IN (${names.map(quoted).join(', ')})`);
  const values = new Map(
    changed
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split('\t') as [string, string]),
  );
  return `SET ${names.map((name) => `${name} = ${values.has(name) ? `'${values.get(name)}'` : 'DEFAULT'}`).join(', ')}`;
}

async function perform(addon: Addon, connection: Connection, { job: { sql, statement, ask }, sink }: { job: Job; sink: Sink }): Promise<Tally> {
  if (statement.kind === 'insert') {
    const { rowsWritten, bytesWritten } = await addon.InsertRawAsyncConnection(connection, sql, nothing, false);
    return { readRows: rowsWritten, readBytes: bytesWritten, writtenRows: rowsWritten, writtenBytes: bytesWritten, resultRows: rowsWritten, resultBytes: bytesWritten };
  }
  if (canStream(statement, ask)) return stream(addon, connection, { sql, format: ask.format, sink });
  const { bytes, rowsRead, bytesRead } = await addon.QueryAsyncConnection(connection, sql, ask.format);
  if (bytes.length > 0) await sink.write(bytes);
  return { ...statistics(bytes), writtenRows: 0, writtenBytes: 0, resultRows: rowsRead, resultBytes: bytesRead };
}

/** One document with counts at its end: nobody can read it in parts, and only a whole result has true counts. */
const document = /^(JSON|JSONStrings|JSONColumnsWithMetadata|JSONCompact|JSONCompactStrings|XML|Pretty\w*)$/i;

function canStream(statement: Statement, ask: Ask): boolean {
  return statement.kind === 'read' && statement.streamable && !document.test(statement.format ?? ask.format) && !/^(1|true)$/.test(ask.settings.get('extremes') ?? '');
}

/** A JSON document ends with what was read for it; elsewhere the engine does not tell. */
function statistics(bytes: Uint8Array): Pick<Tally, 'readRows' | 'readBytes'> {
  const end = Buffer.from(bytes.subarray(-200)).toString('latin1');
  const [, rows = 0, read = 0] = /"rows_read": (\d+),\s*"bytes_read": (\d+)\s*}\s*}\s*$/.exec(end) ?? [];
  return { readRows: Number(rows), readBytes: Number(read) };
}

async function stream(addon: Addon, connection: Connection, { sql, format, sink }: { sql: string; format: string; sink: Sink }): Promise<Tally> {
  const tally = { readRows: 0, readBytes: 0, writtenRows: 0, writtenBytes: 0, resultRows: 0, resultBytes: 0 };
  const handle = addon.StreamQuery(connection, sql, format);
  let ended = false;
  try {
    while (!sink.closed) {
      const piece = await addon.StreamFetch(handle);
      if (piece.done) {
        ended = true;
        break;
      }
      tally.resultRows += piece.numRows;
      tally.resultBytes += piece.bytes.length;
      if (piece.bytes.length > 0) await sink.write(piece.bytes);
    }
  } catch (error) {
    ended = true;
    throw error;
  } finally {
    if (!ended) addon.StreamCancel(handle);
  }
  return tally;
}
