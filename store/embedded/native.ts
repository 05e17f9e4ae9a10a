import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A connection inside libchdb: one statement at a time, its own settings, parameters and temporary tables. */
export type Connection = { readonly native: unique symbol };
type Stream = { readonly native: unique symbol };

/** The parts of chdb's native addon that are used; the package's own wrapper neither tells rows written nor starts without buffering. */
interface Addon {
  CreateConnection(path: string, args: readonly string[]): Connection;
  CloseConnection(connection: Connection): void;
  QueryWithConnection(connection: Connection, sql: string, format: string): string;
  QueryAsyncConnection(connection: Connection, sql: string, format: string): Promise<{ bytes: Uint8Array; rowsRead: number; bytesRead: number }>;
  InsertRawAsyncConnection(connection: Connection, sql: string, data: Buffer, countLines: boolean): Promise<{ rowsWritten: number; bytesWritten: number }>;
  StreamQuery(connection: Connection, sql: string, format: string): Stream;
  StreamFetch(stream: Stream): Promise<{ done: true } | { done: false; bytes: Uint8Array; numRows: number }>;
  StreamCancel(stream: Stream): void;
}

const require = createRequire(import.meta.url);

/** Loads libchdb (about 0.1 s). Only ever in the engine's own process, on its main thread. */
export function loadAddon(): Addon {
  const loader: { loadNative(): Addon } = require(join(dirname(require.resolve('chdb/package.json')), 'dist/loader.js'));
  return loader.loadNative();
}
export type { Addon };
