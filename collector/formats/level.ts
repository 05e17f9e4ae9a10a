import type { ParsedLine } from './format.ts';

type Level = Pick<ParsedLine, 'severityNumber' | 'severityText'>;

/** A level as programs write it, by name or by pino's number, as OpenTelemetry counts it; 0 when it is none. */
export function readLevel(text: string): Level {
  const number = /^\d{2}$/.test(text) ? Number(text) : 0;
  if (number >= 10 && number <= 60 && number % 10 === 0) return numbered[number / 10 - 1] ?? unknown;
  const word = text.toUpperCase();
  return named.find(([names]) => names.test(word))?.[1] ?? unknown;
}

const unknown: Level = { severityNumber: 0, severityText: '' };
const [trace, debug, info, warn, error, fatal]: [Level, Level, Level, Level, Level, Level] = [
  { severityNumber: 1, severityText: 'TRACE' },
  { severityNumber: 5, severityText: 'DEBUG' },
  { severityNumber: 9, severityText: 'INFO' },
  { severityNumber: 13, severityText: 'WARN' },
  { severityNumber: 17, severityText: 'ERROR' },
  { severityNumber: 21, severityText: 'FATAL' },
];
const numbered = [trace, debug, info, warn, error, fatal];
const named: readonly (readonly [RegExp, Level])[] = [
  [/^(?:TRACE|SILLY|FINEST)/, trace],
  [/^(?:DEBUG|DBG|VERBOSE|FINE)/, debug],
  [/^(?:INFO|NOTICE)/, info],
  [/^WARN/, warn],
  [/^(?:ERR|SEVERE)/, error],
  [/^(?:FATAL|CRIT|ALERT|EMERG|PANIC|DPANIC)/, fatal],
];
