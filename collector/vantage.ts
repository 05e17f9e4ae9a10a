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
}

export const vantageSchema = z
  .strictObject({
    id: idText,
    region: z.string().max(60).default(''),
    carrier: z.string().max(60).default(''),
    source_address: z
      .string()
      .refine((text) => isIP(text) !== 0, { message: 'not an IP address', params: { hint: 'write the address of a local interface, for example 10.0.0.5' } })
      .optional(),
  })
  .transform(({ id, region, carrier, source_address }): Vantage => ({ id, region, carrier, sourceAddress: source_address ?? null }));

/** Where a probe runs from when it names no vantage. */
export const localVantage: Vantage = { id: 'local', region: '', carrier: '', sourceAddress: null };
