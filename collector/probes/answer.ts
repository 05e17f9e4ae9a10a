import type { FailureKind, Phases } from '#collector/check.ts';
import type { DurationMs, UnixMs } from '#lib/time.ts';

/** A whole HTTP answer as assertions and extractions see it. */
export interface Answer {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Bytes of the body, unpacked; reading stops at `max_body`. */
  bodyBytes: number;
  /** Parsed once, on first use; undefined when the body is not JSON. */
  json(): unknown;
  /** How long the certificate of the peer is still good; null without TLS. */
  certificateLeftMs: DurationMs | null;
  /** When it was complete. */
  at: UnixMs;
  /** What it cost; of the last hop when redirects were followed. */
  phases: Phases;
}

/** Why an assertion does not hold. */
export interface Miss {
  kind: FailureKind;
  reason: string;
  expected: string;
  got: string;
  /** More than one pair of expected and got, as evidence. */
  evidence?: Readonly<Record<string, unknown>>;
}

export interface Assertion {
  about: 'status' | 'json' | 'header' | 'body' | 'certificate' | 'latency' | 'size' | 'code' | 'record';
  /** Null when it holds. */
  judge(answer: Answer): Miss | null;
}

/** The body is no JSON, said once for every assertion that reads it as such. */
export const notJson = (answer: Answer): Miss => ({ kind: 'assertion', reason: 'JSON ∅', expected: 'JSON', got: JSON.stringify(answer.body.slice(0, 80)) });
