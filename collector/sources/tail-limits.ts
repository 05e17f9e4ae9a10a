import { durationMs } from '#lib/time.ts';

/** How often, how many and how long: the pace of following files. */
export const pollMs = durationMs(1_000);
/** How many looks a beat at most while a file is being written to. */
export const looksPerBeat = 5;
export const discoverMs = 1_000;
/** Files looked at in each round beside those that changed in the last minute. */
export const quietLooks = 200;
export const warmMs = 60_000;
export const warmLooks = 1_000;
export const freshLooks = 1_000;
/** How long a file that lost its place is still read from, for writers that have not noticed. */
export const drainMs = 5_000;
/** A copy or an archive that grows is whole once it has not for so long. */
export const copyMs = durationMs(5_000);
/** How long a position is remembered after its file was last seen. */
export const rememberMs = 3_600_000;
/** A round ends after this, so that new files are noticed while old ones are long. */
export const roundMs = 500;
/** How long an event is waited for that the next lines might go on with. */
export const eventMs = 1_000;
export const mostHandles = 500;
