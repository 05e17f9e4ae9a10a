import { createHash } from 'node:crypto';
import type { IngestAnswer } from './ingest.ts';

/**
 * Bodies kept lately. A sender whose answer got lost sends the same once more, perhaps while the first is still being written: it hears what
 * it should have heard, and nothing is kept twice. Only for protocols whose every entry names its time, or two equal bodies could be two facts.
 */
export interface Repeats {
  once(body: Uint8Array, take: () => Promise<IngestAnswer>): Promise<{ answer: IngestAnswer; repeated: boolean }>;
}

const remembered = 4_096;

export function createRepeats(): Repeats {
  const answers = new Map<string, Promise<IngestAnswer>>();
  return {
    async once(body, take) {
      const print = createHash('sha256').update(body).digest('base64');
      const known = answers.get(print);
      const answering = known ?? take();
      answers.delete(print);
      answers.set(print, answering);
      if (!known) {
        // What may be tried again must be tried again.
        const forget = (): void => void (answers.get(print) === answering && answers.delete(print));
        answering.then((answer) => answer.retryAfterSeconds === undefined || forget(), forget);
        const [oldest] = answers.keys();
        if (answers.size > remembered && oldest !== undefined) answers.delete(oldest);
      }
      const answer = await answering;
      return { answer, repeated: known !== undefined && answer.retryAfterSeconds === undefined };
    },
  };
}
