import type { Encoding } from '#collector/encoding.ts';
import type { LineOrigin } from '#collector/origin.ts';

/** What a source of files is told. */
export interface FileTailConfig {
  id: string;
  service: string;
  paths: readonly string[];
  format: LineOrigin['format'];
  encoding: Encoding;
  startAt: 'beginning' | 'end';
  /** How long an unfinished last line is waited for. */
  idleMs: number;
  keepColours?: boolean;
}
