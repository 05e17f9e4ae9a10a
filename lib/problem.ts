/** Something wrong in a file a person wrote: where, what, and how to mend it. */
export interface Problem {
  file: string;
  /** From 1; 0 when the problem has no line (a missing file, an absent section). */
  line: number;
  /** `probes[3].timeout`; empty for the file as a whole. */
  path: string;
  message: string;
  hint: string;
}
