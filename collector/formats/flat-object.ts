import type { AttributeValue } from '#collector/log.ts';

/** A record's fields by name. */
export type NamedFields = ReadonlyMap<string, AttributeValue>;

const mostFields = 200;
const deepest = 8;

/** The fields of a JSON object named by their path, lists as JSON; undefined when the text is none. */
export function flatObject(line: string): Map<string, AttributeValue> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const fields = new Map<string, AttributeValue>();
  flatten(value, { prefix: '', depth: 0, fields });
  return fields;
}

function flatten(value: object, { prefix, depth, fields }: { prefix: string; depth: number; fields: Map<string, AttributeValue> }): void {
  for (const [key, held] of Object.entries(value)) {
    if (fields.size >= mostFields) return;
    const path = prefix + key;
    if (typeof held === 'string' || typeof held === 'number' || typeof held === 'boolean') fields.set(path, held);
    else if (typeof held !== 'object' || held === null) continue;
    else if (Array.isArray(held) || depth >= deepest) fields.set(path, JSON.stringify(held));
    else flatten(held, { prefix: `${path}.`, depth: depth + 1, fields });
  }
}
