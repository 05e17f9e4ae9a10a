import { customType } from 'drizzle-orm/pg-core';
import { storableJson } from '#lib/storable.ts';
import { type UnixMs, unixMs } from '#lib/time.ts';

/** A `timestamptz` column read and written as UnixMs. */
export const instant = customType<{ data: UnixMs; driverData: string | Date }>({
  dataType: () => 'timestamptz',
  toDriver: (at) => new Date(at).toISOString(),
  fromDriver: (value) => unixMs(new Date(value).getTime()),
});

/** A `jsonb` column that bears any text; give its type with `.$type<…>()`. */
export const jsonb = customType<{ data: unknown; driverData: unknown }>({
  dataType: () => 'jsonb',
  toDriver: (value) => storableJson(JSON.stringify(value)),
});
