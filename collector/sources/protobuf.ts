/** The wire format of Protocol Buffers, read by a description of the message into the objects its JSON mapping would give. */

type Scalar = 'string' | 'bytes' | 'int' | 'sint' | 'fixed64' | 'double' | 'bool';

export interface MessageShape {
  /** By field number; `many` for repeated fields, packed or not. */
  readonly [field: number]: { name: string; type: Scalar | (() => MessageShape); many?: true };
}

/** The bytes are no such message, or go deeper than allowed. */
export class WireError extends Error {}

const deepest = 32;
/** Two bytes can stand for a whole object: so many fields are read of one message, however small it is. */
const mostFields = 2_000_000;

export function readMessage(bytes: Uint8Array, shape: MessageShape): Record<string, unknown> {
  return message(new Wire(bytes, { left: mostFields }), shape, 0);
}

function message(wire: Wire, shape: MessageShape, depth: number): Record<string, unknown> {
  if (depth > deepest) throw new WireError(`nested more than ${deepest} deep`);
  const read: Record<string, unknown> = {};
  while (!wire.atEnd()) {
    const tag = wire.uint32();
    wire.spend();
    const field = shape[tag >>> 3];
    if (tag >>> 3 === 0) throw new WireError('a field numbered 0');
    if (!field) {
      wire.skip(tag & 7);
      continue;
    }
    const value = fieldValue(wire, { type: field.type, wireType: tag & 7, many: field.many ?? false }, depth);
    if (!field.many) read[field.name] = value;
    else {
      read[field.name] ??= [];
      const list = read[field.name] as unknown[];
      if (Array.isArray(value)) for (const one of value) list.push(one);
      else list.push(value);
    }
  }
  return read;
}

interface Wanted {
  type: Scalar | (() => MessageShape);
  wireType: number;
  many: boolean;
}

const wireTypes: Record<Scalar, number> = { string: 2, bytes: 2, int: 0, sint: 0, fixed64: 1, double: 1, bool: 0 };

function fieldValue(wire: Wire, { type, wireType, many }: Wanted, depth: number): unknown {
  const expected = typeof type === 'function' ? 2 : wireTypes[type];
  if (typeof type === 'function' && wireType === 2) return message(wire.inner(), type(), depth + 1);
  if (typeof type !== 'function' && wireType === expected) return scalar(wire, type);
  if (typeof type !== 'function' && many && wireType === 2) {
    const packed = wire.inner();
    const values: unknown[] = [];
    for (; !packed.atEnd(); packed.spend()) values.push(scalar(packed, type));
    return values;
  }
  throw new WireError(`wire type ${wireType} where ${expected} belongs`);
}

function scalar(wire: Wire, type: Scalar): unknown {
  switch (type) {
    case 'string':
      return wire.text();
    case 'bytes':
      return wire.chunk();
    case 'int':
      return BigInt.asIntN(64, wire.varint());
    case 'sint': {
      const raw = wire.varint();
      return Number(raw & 1n ? -((raw + 1n) >> 1n) : raw >> 1n);
    }
    case 'bool':
      return wire.varint() !== 0n;
    case 'fixed64':
      return wire.fixed64();
    case 'double':
      return wire.double();
  }
}

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class Wire {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #budget: { left: number };
  #at = 0;

  constructor(bytes: Uint8Array, budget: { left: number }) {
    this.#bytes = bytes;
    this.#budget = budget;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** What is inside counts against the same budget. */
  inner(): Wire {
    return new Wire(this.chunk(), this.#budget);
  }

  spend(): void {
    if (this.#budget.left-- <= 0) throw new WireError(`more than ${mostFields} fields: send fewer in a request`);
  }

  atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): bigint {
    let low = 0;
    let shift = 0;
    for (; shift < 28; shift += 7) {
      const byte = this.#byte();
      low |= (byte & 127) << shift;
      if (byte < 128) return BigInt(low);
    }
    let value = BigInt(low);
    for (; shift < 70; shift += 7) {
      const byte = this.#byte();
      value |= BigInt(byte & 127) << BigInt(shift);
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw new WireError('a number that does not end');
  }

  uint32(): number {
    const value = this.varint();
    if (value > 0xffffffffn) throw new WireError('a tag or length too large');
    return Number(value);
  }

  chunk(): Uint8Array {
    return this.#take(this.uint32());
  }

  text(): string {
    try {
      return text.decode(this.chunk());
    } catch (error) {
      throw error instanceof WireError ? error : new WireError('a text that is not UTF-8');
    }
  }

  fixed64(): bigint {
    this.#take(8);
    return this.#view.getBigUint64(this.#at - 8, true);
  }

  double(): number {
    this.#take(8);
    return this.#view.getFloat64(this.#at - 8, true);
  }

  skip(wireType: number): void {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.#take(8);
    else if (wireType === 2) this.chunk();
    else if (wireType === 5) this.#take(4);
    else throw new WireError(`wire type ${wireType}`);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new WireError('the bytes end too early');
    return byte;
  }

  #take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new WireError('the bytes end too early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** Writes a length-delimited or number field: the answers of the protocols need no more. */
export function writeField(field: number, value: string | number | Uint8Array): Buffer {
  if (typeof value === 'number') return Buffer.concat([varintBytes(field << 3), varintBytes(value)]);
  const bytes = Buffer.from(value as string);
  return Buffer.concat([varintBytes((field << 3) | 2), varintBytes(bytes.length), bytes]);
}

function varintBytes(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}
