import type { Continuation } from './format.ts';

/** Tells of each next line, blank ones left out, whether it goes on with the event before it; remembers what came before. */
export type Continues = (line: string) => boolean;

export function continuationReader(rule: Continuation): Continues {
  if (rule === 'indented') return isIndented;
  if (rule === 'dated') return (line) => !beginsDated(line);
  return traceReader();
}

const isIndented = (line: string): boolean => line.charCodeAt(0) === 32 || line.charCodeAt(0) === 9;

const months = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';
const dated = new RegExp(
  `^(?:<\\d{1,3}>|[[("*]){0,2}(?:\\d{4}[-/.]\\d{1,2}[-/.]\\d{1,2}|\\d{8}[-T ]?\\d|\\d{6} +\\d|\\d{1,2}[-/. ](?:\\d{1,2}|${months})[-/. :]\\d{2}|\\d{1,2}:\\d{2}:\\d{2}|\\d{10,19}(?:[ .,]|$)|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? |(?:${months}) {1,2}\\d{1,2})`,
);
const levelled = /^[[(]?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|FATAL|CRITICAL)\b/;

/** The beginnings log lines have: a time, a level, an object. */
const beginsDated = (line: string): boolean => dated.test(line) || line.charCodeAt(0) === 123 || levelled.test(line);

const traceLine = /^(?:Caused by: |Suppressed: |\.\.\. \d+ |Stack trace:|#\d+ |Next [A-Za-z_\\]{1,200}(?:Exception|Error)|\[previous exception\])/;
const exceptionHead = /^(?:Exception in thread "|(?:[A-Za-z_$][\w$]{0,80}\.){1,20}[A-Z][\w$]{0,120}(?::|$))/;
const traceback = 'Traceback (most recent call last)';
const chained = /^(?:During handling of the above exception|The above exception was the direct cause)/;

/**
 * Java: an exception's name below a log line, frames that are indented, causes. PHP: `Stack trace:` and `#0`. Python: a
 * traceback ends with the first line that is not indented, unless another exception was raised meanwhile.
 */
function traceReader(): Continues {
  let before: 'nothing' | 'log' | 'trace' | 'traceback' | 'caught' | 'chained' = 'nothing';
  return (line) => {
    if (isIndented(line)) return before !== 'nothing';
    if (traceLine.test(line)) {
      const inside = before !== 'nothing';
      before = 'trace';
      return inside;
    }
    if (line.startsWith(traceback)) {
      const inside = before === 'log' || before === 'chained';
      before = 'traceback';
      return inside;
    }
    if (before === 'caught' && chained.test(line)) {
      before = 'chained';
      return true;
    }
    if (beginsDated(line)) {
      before = 'log';
      return false;
    }
    if (before === 'traceback') {
      before = 'caught';
      return true;
    }
    const head = exceptionHead.test(line);
    const inside = head && before === 'log';
    before = head ? 'trace' : 'log';
    return inside;
  };
}
