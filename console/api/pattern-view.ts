/** GET /api/v1/logs/patterns?from&to&q&service&level&status&outcome&source&since → PatternsView */
export interface PatternsView {
  /** Lines that match, and how many of them were looked at. */
  total: number;
  sampled: number;
  /** Counts are of the sample, times this. */
  every: number;
  /** What is new or surging is so since this moment. */
  since: string;
  stepMs: number;
  patterns: {
    template: string;
    count: number;
    level: string;
    services: string[];
    firstAt: string;
    counts: number[];
    mark: 'new' | 'surging' | null;
    example: string;
    /** What to search for to see its lines. */
    search: { q: string; status: string };
  }[];
  /** Patterns that were found and are not shown, and the lines behind them. */
  rest: { patterns: number; count: number };
}
