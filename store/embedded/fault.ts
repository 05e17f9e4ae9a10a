/** A failure with ClickHouse's own code, as a server would tell it. */
export class ClickHouseFault extends Error {
  readonly code: number;
  /** `text` is the whole message, beginning with `Code: 60. DB::Exception:`. */
  constructor(text: string) {
    super(text);
    this.code = Number(/^Code: (\d+)/.exec(text)?.[1] ?? 1002);
  }
}

/** Makes a fault of our own in ClickHouse's words. */
export function fault(code: number, name: string, text: string): ClickHouseFault {
  return new ClickHouseFault(`Code: ${code}. DB::Exception: ${text}. (${name})`);
}

/** Reads what the engine threw. */
export function asFault(error: unknown): ClickHouseFault {
  if (error instanceof ClickHouseFault) return error;
  const text = (error instanceof Error ? error.message : String(error)).replace(/^Query failed: /, '').replace(/^(Code: \d+\. DB::Exception: )\1/, '$1');
  return new ClickHouseFault(text.startsWith('Code: ') ? text : `Code: 1002. DB::Exception: ${text}. (UNKNOWN_EXCEPTION)`);
}

const statuses: Readonly<Record<number, readonly number[]>> = {
  400: [6, 26, 27, 33, 38, 41, 43, 53, 62, 70, 72, 117, 131, 306, 349, 441, 457, 504],
  401: [194],
  403: [164, 192, 193, 291, 497, 516],
  404: [16, 46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 336, 371, 372, 407, 456, 605, 697],
  408: [159],
  413: [161, 163, 167, 168, 229, 307, 396],
  501: [48],
  503: [190, 202, 203, 209, 210, 236, 252],
};
const statusOf = new Map(Object.entries(statuses).flatMap(([status, codes]) => codes.map((code) => [code, Number(status)] as const)));

/** The HTTP status a ClickHouse server answers an exception with. */
export const httpStatus = (code: number): number => statusOf.get(code) ?? 500;
