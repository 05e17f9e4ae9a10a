import type { Bilingual } from '#lib/text.ts';
import type { Verdict } from './gate-reading.ts';
import type { Evidence } from './run.ts';

/** What can happen in a run. Nothing here is ever changed or taken away; the way back from an act is another event. */
export type RunEvent =
  | { kind: 'start'; runbook: string; version: string; because: Bilingual }
  | { kind: 'open'; stepId: string }
  | { kind: 'close'; stepId: string; note: string; evidence: Evidence | null }
  | { kind: 'skip'; stepId: string; reason: string; evidence: Evidence | null }
  | { kind: 'override'; stepId: string; reason: string; evidence: Evidence | null }
  | { kind: 'branch'; stepId: string; taken: string; notTaken: readonly string[]; stepsNotTaken: readonly string[]; note: string; evidence: Evidence | null }
  | { kind: 'publish'; stepId: string; noticeId: string; evidence: Evidence | null }
  | { kind: 'act'; stepId: string; phase: 'running' | 'done' | 'failed' | 'unknown'; key: string; dryRun: boolean; detail: string | null }
  | { kind: 'undo'; stepId: string; phase: 'running' | 'done' | 'failed' | 'unknown'; key: string; dryRun: boolean; detail: string | null }
  | { kind: 'gate'; stepId: string; held: boolean; verdict: Verdict }
  | { kind: 'timer'; stepId: string; which: 'soft' | 'hard' }
  | { kind: 'end' }
  | { kind: 'abort'; reason: string };
