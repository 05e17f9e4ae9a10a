import { readRunbooks } from './library.ts';

interface Io {
  out(text: string): void;
  err(text: string): void;
}

/** `fenghuo runbook check FILE… [--json]`: every problem of every file at once. */
export async function runbookCheck(argv: readonly string[], io: Io): Promise<number> {
  const json = argv.includes('--json');
  const odd = argv.find((word) => word.startsWith('-') && word !== '--json');
  const files = argv.filter((word) => !word.startsWith('-'));
  if (odd || files.length === 0) {
    io.err(`${odd ? `unknown option ${odd}\n` : ''}usage: fenghuo runbook check FILE… [--json]\n`);
    return 2;
  }
  const { runbooks, problems } = readRunbooks(files);
  const shown = problems.map(({ file, line, message, hint }) => ({ file, line, message, hint }));
  if (json) io.out(`${JSON.stringify({ ok: shown.length === 0, problems: shown })}\n`);
  for (const { file, line, message, hint } of shown) io.err(`${file}${line > 0 ? `:${line}` : ''}: ${message} (${hint})\n`);
  if (!json && shown.length === 0) io.err(`${runbooks.length} runbook${runbooks.length === 1 ? '' : 's'} good: ${runbooks.map(({ id, steps }) => `${id} (${steps.length} steps)`).join(', ')}\n`);
  if (shown.length === 0) return 0;
  return shown.every(({ line }) => line === 0) ? 3 : 1;
}
