import type { Sample } from '#collector/sample.ts';
import type { Spool } from '#collector/spool.ts';
import type { Clock } from '#lib/clock.ts';
import { between, type UnixMs } from '#lib/time.ts';
import { type IngestAnswer, IngestError, type IngestRequest, keep, largestBody, mediaType, refusal } from './ingest.ts';
import { createLabelMask } from './label-mask.ts';
import { readMessage, WireError } from './protobuf.ts';
import { type Written, writeShape } from './remote-write-shape.ts';
import { createRepeats } from './repeats.ts';
import { readSeries } from './series.ts';
import { unsnap } from './snappy.ts';
import type { SourceHealth } from './source.ts';
import { createCounters } from './source-counters.ts';

/** Prometheus' remote write, version 1: what can be kept of a request is kept, and what never can be is told. */
export interface RemoteWriteIngest {
  write(request: IngestRequest): Promise<IngestAnswer>;
  health(): SourceHealth;
}

const source = 'remote-write';
const accepted: IngestAnswer = { status: 204, contentType: '', body: '' };

export function createRemoteWrite({ spool, clock }: { spool: Spool; clock: Clock }): RemoteWriteIngest {
  const counters = createCounters({ id: source, kind: source, clock });
  const repeats = createRepeats();
  const masked = createLabelMask();
  let lagMs: number | null = null;

  const take = async (request: IngestRequest): Promise<IngestAnswer> => {
    const now = clock.now();
    const hidden = masked();
    const read = readSeries(written(request), { now, mask: hidden.mask });
    for (const rows of read.records) await keep({ kind: 'samples', rows }, { spool, clock });
    const kept = read.records.reduce((sum, rows) => sum + rows.length, 0);
    counters.add({ lines: kept + read.refused, events: kept, dropped: read.refused + read.unkept, masked: hidden.count() });
    lagMs = newest(read.records, now) ?? lagMs;
    if (read.refused === 0) {
      counters.recovered();
      return accepted;
    }
    const told = new IngestError(400, `${read.refused} of ${kept + read.refused} samples cannot be kept: ${read.reason}`);
    counters.fail(told);
    return refusal(told);
  };

  const write = async (request: IngestRequest): Promise<IngestAnswer> => {
    try {
      understood(request);
      const { answer, repeated } = await repeats.once(request.body, () => take(request));
      if (repeated) counters.add({ duplicates: 1 });
      return answer;
    } catch (error) {
      counters.fail(error);
      const answer = refusal(error);
      // What may be sent again is not lost yet.
      if (answer.retryAfterSeconds === undefined) counters.add({ malformed: 1 });
      return answer;
    }
  };
  return { write, health: () => counters.health({ open: 0, lagMs }) };
}

/** Of version 2 nothing would be found in it, and saying "kept" of that would be a lie: 415 makes its senders speak version 1. */
function understood({ contentType, encoding, version = '' }: IngestRequest): void {
  const type = mediaType(contentType);
  if (type !== 'application/x-protobuf') throw new IngestError(415, `content-type ${type.slice(0, 60) || '(none)'} is not understood: send application/x-protobuf`);
  const proto = /;\s*proto\s*=\s*"?([^";\s]*)/i.exec(contentType)?.[1] ?? 'prometheus.WriteRequest';
  if (proto !== 'prometheus.WriteRequest' || version.startsWith('2.')) throw new IngestError(415, `${proto.slice(0, 80)} is not understood: send remote write 1.0, prometheus.WriteRequest`);
  if (encoding !== 'snappy') throw new IngestError(415, `content-encoding ${encoding.slice(0, 40) || '(none)'} is not understood: send snappy`);
}

function written({ body }: IngestRequest): Written {
  try {
    return readMessage(unsnap(body, largestBody), writeShape) as Written;
  } catch (error) {
    throw error instanceof WireError ? new IngestError(400, `not a write request: ${error.message}`) : error;
  }
}

/** How far behind the newest value is: a sender that catches up sends old ones. */
function newest(records: readonly (readonly Sample[])[], now: UnixMs): number | null {
  let latest: UnixMs | null = null;
  for (const rows of records) for (const { at } of rows) if (latest === null || at > latest) latest = at;
  return latest === null ? null : Math.max(0, between(latest, now));
}
