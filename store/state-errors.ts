/** Reading Postgres' errors: drizzle wraps them, so the code sits on the error or on its cause. */

const passingCodes = new Set([
  // the server is going down, starting, or has no connection left
  '57P01',
  '57P02',
  '57P03',
  '53300',
  // a conflict with another transaction, which Postgres resolved by ending ours
  '40001',
  '40P01',
]);
const socketCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', '08000', '08003', '08006', '57P01', '57P02']);

function errorCode(error: unknown): string {
  const code = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined;
  if (typeof code === 'string') return code;
  return error instanceof Error && error.cause ? errorCode(error.cause) : '';
}

/** Whether the answer was lost with the connection, so that what the server did is not known. */
export function connectionLost(error: unknown): boolean {
  return socketCodes.has(errorCode(error)) || /connection (terminated|ended|error)|not queryable|timeout exceeded when trying to connect/i.test(rootMessage(error));
}

/** Whether the same work may succeed a moment later, none of it having been kept. */
export const mayRunAgain = (error: unknown): boolean => passingCodes.has(errorCode(error)) || connectionLost(error);

/** A row with this key exists already. */
export const isDuplicate = (error: unknown): boolean => errorCode(error) === '23505';

function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause ? rootMessage(error.cause) : error.message;
}
