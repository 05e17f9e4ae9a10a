import type { Format, ParsedLine } from './format.ts';

/** An exception as a runtime prints it, by OpenTelemetry's names. */
export interface Exception {
  type: string;
  message: string;
  stacktrace: string;
}

const name = '[A-Za-z_$][\\w$]{0,120}';
const javaHead = new RegExp(`^(?:Exception in thread "[^"\\n]{0,200}" )?((?:${name}\\.){1,20}${name})(?:: ([^\\n]{0,4000}))?\\n(?:[^\\n]{0,4000}\\n){0,20}?[ \\t]+at `, 'm');
const scriptHead = new RegExp(`^(?:Uncaught )?((?:${name})?Error)(?: \\[[^\\]\\n]{1,80}\\])?: ([^\\n]{0,4000})\\n[ \\t]+at `, 'm');
const phpHead = /(?:PHP )?(?:Fatal error: {1,2})?Uncaught ([A-Za-z_\\]{1,200}): ([^\n]{0,4000}?) in [^\s:]{1,400}:\d{1,7}\n(?:[^\n]{0,100}\n){0,2}?#0 /;
const pythonHead = /^Traceback \(most recent call last\):$/gm;
const pythonEnd = new RegExp(`^((?:${name}\\.){0,20}${name})(?:: ([^\\n]{0,4000}))?$`);

/** The exception a text of several lines tells of; of chained ones in Python the last, which is the one that got out. */
export function exceptionIn(text: string): Exception | undefined {
  const python = [...text.matchAll(pythonHead)];
  if (python.length > 0) return pythonException(text, { from: python[0]?.index ?? 0, last: python.at(-1)?.index ?? 0 });
  for (const head of [javaHead, phpHead, scriptHead]) {
    const match = head.exec(text);
    if (match) return { type: match[1] ?? '', message: match[2] ?? '', stacktrace: text.slice(match.index) };
  }
  return undefined;
}

/** Behind its frames, which are indented, stands what was raised. */
function pythonException(text: string, { from, last }: { from: number; last: number }): Exception | undefined {
  const behind = text.slice(last).split('\n').slice(1, 2_000);
  const end = behind.find((line) => line !== '' && !line.startsWith(' ') && !line.startsWith('\t'));
  const match = end === undefined ? null : pythonEnd.exec(end);
  return match ? { type: match[1] ?? '', message: match[2] ?? '', stacktrace: text.slice(from) } : undefined;
}

/** Adds what an event of several lines tells of an exception. */
export function withExceptions(format: Format): Format {
  return {
    ...format,
    parse(line, near): ParsedLine {
      const parsed = format.parse(line, near);
      if (line.includes('\n')) putException(parsed, line);
      return parsed;
    },
  };
}

/** The exception of this text, where there is one, as attributes; what the line already says stays. */
export function putException({ attributes }: ParsedLine, text: string): void {
  const exception = exceptionIn(text);
  if (!exception) return;
  attributes['exception.type'] ??= exception.type;
  if (exception.message !== '') attributes['exception.message'] ??= exception.message;
  attributes['exception.stacktrace'] ??= exception.stacktrace;
  attributes['error.type'] ??= exception.type;
}
