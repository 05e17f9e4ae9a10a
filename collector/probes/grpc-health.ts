/** The two messages of grpc.health.v1 as bytes, each in the five-byte frame of gRPC. */

export const servingStates = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

/** `HealthCheckRequest { string service = 1 }`. */
export function healthRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** `HealthCheckResponse { ServingStatus status = 1 }`: the state's name, a number nobody has named, or null when it is no such message. */
export function healthResponse(bytes: Buffer): string | null {
  // The first byte tells of compression, which was not offered.
  if (bytes.length < 5 || bytes[0] !== 0 || bytes.readUInt32BE(1) !== bytes.length - 5) return null;
  let at = 5;
  let status = 0;
  const readVarint = (): number | null => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) return null;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return null;
  };
  while (at < bytes.length) {
    const tag = readVarint();
    const size = tag === null ? null : sizeOf(tag & 7, readVarint);
    if (tag === null || size === null) return null;
    if (tag === 0x08) status = size.value;
    at += size.skip;
    if (at > bytes.length) return null;
  }
  return servingStates[status] ?? String(status);
}

/** How many bytes a field of this wire type still takes, and its value when it is a number. */
function sizeOf(wireType: number, readVarint: () => number | null): { skip: number; value: number } | null {
  if (wireType === 1) return { skip: 8, value: 0 };
  if (wireType === 5) return { skip: 4, value: 0 };
  if (wireType !== 0 && wireType !== 2) return null;
  const value = readVarint();
  if (value === null) return null;
  return { skip: wireType === 2 ? value : 0, value };
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
}
