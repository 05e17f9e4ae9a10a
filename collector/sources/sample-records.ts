import { open, stat } from 'node:fs/promises';
import { type Encoding, encodingOf } from '#collector/encoding.ts';
import { buildFormat } from '#collector/formats/index.ts';
import { cutLines } from '#collector/lines.ts';
import type { LogRecord } from '#collector/log.ts';
import { maskText } from '#collector/mask.ts';
import { joinerFor, readRecords } from '#collector/origin.ts';
import type { UnixMs } from '#lib/time.ts';
import { findFiles } from './find-files.ts';

/** What a source would make of some lines, before anything is kept. */

export const mostSampleLines = 50;
const mostBytes = 65_536;

type Raw = Readonly<Record<string, unknown>>;

/** What the entry says of its lines, its own options over those it hands on. */
function formatOf(raw: Raw): Record<string, unknown> | null {
  const { zone, year, multiline, container, trusted_proxies, format } = raw;
  const said = Object.fromEntries(Object.entries({ zone, year, multiline, container, trusted_proxies }).filter(([, value]) => value !== undefined));
  const own = typeof format === 'string' || format === undefined ? { kind: format ?? 'syslog' } : (format as Record<string, unknown>);
  const config = { ...said, ...own };
  return buildFormat(config).ok ? config : null;
}

/** The lines as the source would keep them; null when its format cannot be built. */
export function sampleRecords(raw: Raw, lines: readonly string[], now: UnixMs): LogRecord[] | null {
  const format = formatOf(raw);
  if (format === null) return null;
  const filled = lines
    .slice(0, mostSampleLines)
    .map((line) => maskText(line.slice(0, mostBytes)).text)
    .filter((line) => line.trim() !== '');
  const events =
    joinerFor(format)
      ?.join(filled)
      .map(({ text }) => text) ?? filled;
  return readRecords(events, { source: String(raw.id ?? ''), service: String(raw.service ?? ''), format, observedAt: now, nearAt: now }).rows;
}

/** The first lines of the newest file the patterns stand for; null when there is none to read. */
export async function firstLines({ paths, encoding = 'utf-8' }: Raw): Promise<{ path: string; lines: string[] } | null> {
  const patterns = Array.isArray(paths) ? paths.filter((path) => typeof path === 'string') : [];
  const found = await Promise.all(
    [...(await findFiles(patterns))].map(async (path) => {
      const seen = await stat(path).catch(() => null);
      return seen?.isFile() && !/\.(gz|zst|bz2|xz)$/.test(path) ? [{ path, at: seen.mtimeMs }] : [];
    }),
  );
  const [newest] = found.flat().sort((a, b) => b.at - a.at);
  if (!newest) return null;
  const handle = await open(newest.path, 'r').catch(() => null);
  if (!handle) return null;
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(mostBytes), 0, mostBytes, 0);
    const cut = cutLines(buffer.subarray(0, bytesRead), { encoding: encodingOf(String(encoding)) ?? (encodingOf('utf-8') as Encoding), skipping: false, end: bytesRead < mostBytes, mask: maskText });
    return { path: newest.path, lines: cut.lines.slice(0, mostSampleLines) };
  } finally {
    await handle.close();
  }
}
