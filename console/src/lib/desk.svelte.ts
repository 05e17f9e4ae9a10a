import type { AlertRow, RunbookRow } from '#console/api/views.ts';

/** The dialog that lies on the desk: it can be opened from a page, by a key or from the palette. */
export type Paper = { kind: 'acknowledge'; alert: AlertRow } | { kind: 'silence'; alert: AlertRow } | { kind: 'declare'; alert: AlertRow } | { kind: 'start'; runbook: RunbookRow };

class Desk {
  paper: Paper | null = $state.raw(null);
  open(paper: Paper): void {
    this.paper = paper;
  }
  clear(): void {
    this.paper = null;
  }
}
export const desk = new Desk();
