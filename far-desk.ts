import type { CollectorTopics } from '#collector/ports.ts';
import { announcement } from '#collector/shipper.ts';
import type { Config } from '#config';
import type { FarBatch, FarDesk } from '#console/api/ports.ts';
import type { Bus } from '#lib/bus.ts';
import { Secret } from '#lib/secret.ts';
import type { UnixMs } from '#lib/time.ts';
import type { TelemetryWriter } from '#store/telemetry-writer.ts';

interface Heard {
  lastSeenAt: UnixMs;
  version: string;
  offsetMs: number | null;
  backlog: number | null;
  rows: number;
}

export interface FarDeskOptions {
  config(): Config;
  /** Whether a person says that a probe's target is being worked on; who looks from afar does not know. */
  maintained(probeId: string): boolean;
  writer: TelemetryWriter;
  bus: Bus<CollectorTopics>;
  version: string;
  onError(error: unknown): void;
}

/** Batches waiting for a store that is away; more are answered with "later", and wait on the far disk. */
const mostWaiting = 64;

/** The centre's side of far vantages: tells each what to look at, and stores what it saw before it answers. */
export function createFarDesk({ config, maintained, writer, bus, version, onError }: FarDeskOptions): FarDesk {
  const heard = new Map<string, Heard>();
  const farVantages = () => config().vantages.filter(({ far }) => far);
  const note = (vantage: string, seen: Partial<Heard> & Pick<Heard, 'lastSeenAt' | 'version'>): void => {
    heard.set(vantage, { offsetMs: null, backlog: null, rows: 0, ...heard.get(vantage), ...seen });
  };
  const majorMinor = (text: string): string => text.split('.').slice(0, 2).join('.');
  return {
    speaks: (theirs) => majorMinor(theirs) === majorMinor(version),
    plan({ vantage: id, version: theirs, backlog, offsetMs, now }) {
      const vantage = farVantages().find((one) => one.id === id);
      if (!vantage) return null;
      note(id, { lastSeenAt: now, version: theirs, backlog, offsetMs });
      const probes = config().probes.filter((probe) => probe.vantages.includes(id));
      // What a probe depends on is looked at from there too, when it runs there.
      const here = new Set(probes.map((probe) => probe.id));
      const { region, carrier, anchors } = vantage;
      return {
        vantage: { id, region, carrier, ...(anchors?.length ? { anchors } : {}) },
        probes: probes.map((probe) => revealed({ ...probe.config, vantages: [id], depends_on: (probe.dependsOn ?? []).filter((parent) => here.has(parent)) }) as Record<string, unknown>),
      };
    },
    async store({ vantage, token, version: theirs, now, ...batch }: FarBatch & { now: UnixMs }) {
      if (writer.backlog() >= mostWaiting) return false;
      // The token is the far vantage's own word; with its name in front it cannot meet another's.
      const mine = `far/${vantage}/${token}`;
      try {
        if (batch.kind === 'checks')
          await writer.insertChecks(
            mine,
            batch.rows.map((row) => (maintained(row.probeId) ? { ...row, maintenance: true } : row)),
          );
        else if (batch.kind === 'samples') await writer.insertSamples(mine, batch.rows);
        else await writer.insertLogs(mine, batch.rows);
      } catch (error) {
        onError(error);
        return false;
      }
      note(vantage, { lastSeenAt: now, version: theirs, rows: (heard.get(vantage)?.rows ?? 0) + batch.rows.length });
      announcement(bus, batch)();
      return true;
    },
    list: () =>
      farVantages().map(({ id, region, carrier }) => {
        const { lastSeenAt = null, version: theirs = null, offsetMs = null, backlog = null, rows = 0 } = heard.get(id) ?? {};
        return { id, region, carrier, lastSeenAt, version: theirs, offsetMs, backlog, rows };
      }),
  };
}

/** A configuration as it is needed to act on it, secrets included: only ever for a vantage of our own. */
function revealed(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revealed(inner)]));
  return value;
}
