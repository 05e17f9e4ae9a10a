import { parseArgs } from 'node:util';
import { parseIso, type UnixMs } from '#lib/time.ts';
import { type Encoding, encodingOf } from './encoding.ts';
import type { Format } from './formats/format.ts';
import { buildFormat, formatNames, formats } from './formats/index.ts';

/** How a source of the configuration reads its lines. */
export interface ConfiguredSource {
  service: string;
  format: Record<string, unknown>;
  encoding: Encoding;
}

/** What `logs parse` was asked for. */
export interface Request {
  files: string[];
  format: Format;
  encoding: Encoding;
  /** Given by hand; otherwise each file's last change settles a missing year. */
  near: UnixMs | undefined;
  service: string;
  summary: boolean;
  json: boolean;
}

export const usage = `usage: fenghuo logs parse --format ${formatNames.join('|')} [--option NAME=VALUE]… [--zone Z] [--encoding E] [--year Y] [--now ISO] [--service S] [--multiline traces|dated|indented|none] [--container docker|cri] [--summary] [--json] FILE…
       fenghuo logs parse --source ID [--config FILE] [--summary] [--json] FILE…
       --option names an option of the format, for example --option 'log_format=$remote_addr [$time_local] "$request" $status'; lists and maps are JSON
`;

const text = { type: 'string' } as const;
const options = {
  format: text,
  option: { type: 'string', multiple: true },
  source: text,
  config: text,
  zone: text,
  encoding: text,
  year: text,
  now: text,
  service: text,
  multiline: text,
  container: text,
  summary: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

const readOptions = (argv: string[]) => parseArgs({ args: argv, allowPositionals: true, options });
type Values = ReturnType<typeof readOptions>['values'];
type SourceOf = (id: string, config: string | undefined) => ConfiguredSource | string;

/** The request, or what is wrong with the command line. */
export function readRequest(argv: string[], sourceOf: SourceOf | undefined): Request | string {
  let given: ReturnType<typeof readOptions>;
  try {
    given = readOptions(argv);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { values, positionals } = given;
  if (positionals.length === 0) return 'no FILE given';
  const source = values.source === undefined ? undefined : (sourceOf?.(values.source, values.config) ?? 'no configuration to look --source up in');
  if (typeof source === 'string') return source;
  if (values.config !== undefined && !source) return '--config goes with --source: which source of it?';
  if (source && values.format !== undefined) return '--format and --source say the same thing twice: give one';
  const format = formatFrom(values, source);
  if (typeof format === 'string') return format;
  const encoding = values.encoding === undefined && source ? source.encoding : encodingOf(values.encoding ?? 'utf-8');
  if (!encoding) return `--encoding: "${values.encoding}" is not a known encoding, for example utf-8, gb18030, utf-16le`;
  const near = values.now === undefined ? undefined : parseIso(values.now);
  if (values.now !== undefined && near === undefined) return `--now: "${values.now}" is not an ISO 8601 time`;
  return { files: positionals, format, encoding, near, service: values.service ?? source?.service ?? '', summary: values.summary ?? false, json: values.json ?? false };
}

function formatFrom(values: Values, source: ConfiguredSource | undefined): Format | string {
  const kind = source ? String(source.format.kind) : values.format;
  if (kind === undefined) return `no --format given: ${formatNames.join(' or ')}`;
  if (!formatNames.some((name) => name === kind)) return `--format "${kind}" is none of ${formatNames.join(', ')}`;
  const { zone, year, multiline, container } = values;
  if (year !== undefined && !/^(19[7-9]\d|2\d{3})$/.test(year)) return `--year "${year}" is not a year, for example 2026`;
  const own: Record<string, unknown> = {};
  for (const option of values.option ?? []) {
    const equals = option.indexOf('=');
    if (equals <= 0) return `--option "${option}" is not NAME=VALUE`;
    own[option.slice(0, equals)] = optionValue(kind, option.slice(0, equals), option.slice(equals + 1));
  }
  const said = { zone, multiline, container, year: year === undefined ? undefined : Number(year), ...own };
  const built = buildFormat({ ...source?.format, kind, ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) });
  if (built.ok) return built.ready;
  return built.issues.map((issue) => `--${flagFor(String(issue.path[0] ?? 'format'), own)}: ${issue.message}${hintOf(issue)}`).join('\n');
}

const flagFor = (name: string, own: Record<string, unknown>): string => (name === 'kind' ? 'format' : name in own || !(name in options) ? `option ${name}` : name);
const hintOf = (issue: object): string => ('params' in issue && typeof (issue.params as { hint?: unknown })?.hint === 'string' ? ` (${(issue.params as { hint: string }).hint})` : '');

/** Text where the option takes text; otherwise a number, a list or a map, written as JSON. */
function optionValue(kind: string, name: string, value: string): unknown {
  const schema = formats.find((format) => format.kind === kind)?.schema.shape[name];
  if (!schema || schema.safeParse(value).success) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
