import { isIP } from 'node:net';
import { z } from 'zod';
import { idText } from '#lib/schema.ts';

/** Where a probe runs from: region × carrier. */
export interface Vantage {
  id: string;
  region: string;
  carrier: string;
  /** The local address checks leave from, on a machine with several carriers' lines; null is the system's choice. */
  sourceAddress: string | null;
  /** Looked from by a collector elsewhere that hands in what it sees. */
  far?: boolean;
  /** `host:port` of things that answer as long as this place is on the network at all: a gateway, another provider. */
  anchors?: readonly string[];
}

const anchorText = z.string().regex(/^([\w.-]+|\[[0-9a-fA-F:.]+\]):([1-9]\d{0,4})$/, { message: 'not host:port', params: { hint: 'for example 10.0.0.1:53' } } as never);

export const vantageSchema = z
  .strictObject({
    id: idText,
    region: z.string().max(60).default(''),
    carrier: z.string().max(60).default(''),
    source_address: z
      .string()
      .refine((text) => isIP(text) !== 0, { message: 'not an IP address', params: { hint: 'write the address of a local interface, for example 10.0.0.5' } })
      .optional(),
    far: z.boolean().default(false),
    anchors: z.array(anchorText).max(8).default([]),
  })
  .transform(({ id, region, carrier, source_address, far, anchors }): Vantage => ({ id, region, carrier, sourceAddress: source_address ?? null, far, anchors }));

/** Where a probe runs from when it names no vantage. */
export const localVantage: Vantage = { id: 'local', region: '', carrier: '', sourceAddress: null };
