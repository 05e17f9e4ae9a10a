import { customType } from 'drizzle-orm/pg-core';
import { type UnixMs, unixMs } from '#lib/time.ts';

/** A `timestamptz` column read and written as UnixMs. */
export const instant = customType<{ data: UnixMs; driverData: string | Date }>({
  dataType: () => 'timestamptz',
  toDriver: (at) => new Date(at).toISOString(),
  fromDriver: (value) => unixMs(new Date(value).getTime()),
});
