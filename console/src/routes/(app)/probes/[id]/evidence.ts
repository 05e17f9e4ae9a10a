/** What a check kept, sorted into what is drawn in a way of its own and what is only named. Evidence may hold anything. */

export interface DifferenceRow {
  field: string;
  expected: string;
  got: string;
}

export interface StepRow {
  name: string;
  ms: number;
  status: number | null;
  failed: boolean;
}

/** Ids of what lies beside the row: see `/api/v1/artifacts/:id`. */
export interface ArtifactIds {
  screenshot?: string;
  waterfall?: string;
  trace?: string;
}

interface Parts {
  difference: DifferenceRow[];
  steps: StepRow[];
  artifacts: ArtifactIds | null;
  headers: [string, string][];
  /** Long texts, shown as they came. */
  texts: [string, string][];
  rest: [string, string][];
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
/** As in a configuration file: texts bare, everything else as JSON, nothing as ∅. */
const shown = (value: unknown): string => (typeof value === 'string' ? value : value === undefined || value === null ? '∅' : JSON.stringify(value));
const longTexts = ['body', 'output', 'errors'];
const drawn = new Set(['difference', 'expected', 'got', 'steps', 'artifacts', 'headers', 'step', ...longTexts]);

export function partsOf(evidence: Readonly<Record<string, unknown>>): Parts {
  return {
    difference: differenceOf(evidence),
    steps: stepsOf(evidence),
    artifacts: artifactsOf(evidence.artifacts),
    headers: isMap(evidence.headers) ? Object.entries(evidence.headers).map(([name, value]) => [name, shown(value)]) : [],
    texts: longTexts.flatMap((name): [string, string][] => (typeof evidence[name] === 'string' && evidence[name] !== '' ? [[name, evidence[name]]] : [])),
    rest: Object.entries(evidence).flatMap(([name, value]): [string, string][] => (drawn.has(name) || value === undefined ? [] : [[name, shown(value)]])),
  };
}

/** A list of differing fields, or the one pair of what was expected and what came. */
function differenceOf({ difference, expected, got }: Readonly<Record<string, unknown>>): DifferenceRow[] {
  if (Array.isArray(difference)) return difference.filter(isMap).map((row) => ({ field: shown(row.field), expected: shown(row.expected), got: shown(row.got) }));
  if (expected === undefined && got === undefined) return [];
  if (!isMap(expected)) return [{ field: '', expected: shown(expected), got: shown(got) }];
  // A whole record was expected: field by field reads better than two lumps.
  const seen = isMap(got) ? got : {};
  return Object.entries(expected).map(([field, value]) => ({ field, expected: shown(value), got: shown(seen[field]) }));
}

function stepsOf({ steps, step }: Readonly<Record<string, unknown>>): StepRow[] {
  if (!Array.isArray(steps)) return [];
  const rows = steps
    .filter(isMap)
    .map((row) => ({ name: shown(row.name), ms: typeof row.ms === 'number' ? row.ms : 0, status: typeof row.status === 'number' ? row.status : null, failed: row.name === step }));
  // A step that never ended has no row of its own.
  return typeof step === 'string' && !rows.some(({ failed }) => failed) ? [...rows, { name: step, ms: 0, status: null, failed: true }] : rows;
}

const idForm = /^[a-f0-9]{32}\.(jpg|zip|json)$/;

function artifactsOf(value: unknown): ArtifactIds | null {
  if (!isMap(value)) return null;
  const known = (['screenshot', 'waterfall', 'trace'] as const).flatMap((name) => (typeof value[name] === 'string' && idForm.test(value[name]) ? [[name, value[name]] as const] : []));
  return known.length === 0 ? null : Object.fromEntries(known);
}

export interface RequestRow {
  method: string;
  url: string;
  type: string;
  status: number | null;
  startMs: number;
  ms: number | null;
  error?: string;
}

/** The list of requests a browser journey made. */
export interface Requests {
  requests: RequestRow[];
  /** How many more there were than are kept. */
  dropped: number;
  consoleErrors: string[];
}

export const artifactUrl = (id: string): string => `/api/v1/artifacts/${id}`;
export const requestFailed = ({ status, error }: RequestRow): boolean => error !== undefined || (status ?? 0) >= 400;
/** The end of the last request: the width of the picture. */
export const requestsEndMs = (requests: readonly RequestRow[]): number => Math.max(1, ...requests.map(({ startMs, ms }) => startMs + (ms ?? 0)));
/** What tells requests apart: the path, and the host only where it is another. */
export function requestName(url: string, firstUrl: string): string {
  if (!URL.canParse(url)) return url;
  const { host, pathname, search } = new URL(url);
  const here = URL.canParse(firstUrl) ? new URL(firstUrl).host : '';
  return `${host === here ? '' : host}${pathname}${search}`;
}
