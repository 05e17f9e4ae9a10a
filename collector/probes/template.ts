/** `{{name}}` in the requests of a journey, filled from what earlier steps stored. */

const slot = /\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;

/** The names a text, list or map asks for. */
export function slotsOf(value: unknown): string[] {
  if (typeof value === 'string') return [...value.matchAll(slot)].map((match) => match[1] ?? '');
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(slotsOf);
}

/** Every text inside `value` filled in; a name without a value stays visible as it was written. */
export function filled<Value>(value: Value, values: Readonly<Record<string, string>>, encode: (text: string) => string = (text) => text): Value {
  const fill = (inner: unknown): unknown => {
    if (typeof inner === 'string') return inner.replaceAll(slot, (whole, name: string) => (Object.hasOwn(values, name) ? encode(values[name] ?? '') : whole));
    if (Array.isArray(inner)) return inner.map(fill);
    if (typeof inner === 'object' && inner !== null && Object.getPrototypeOf(inner) === Object.prototype) return Object.fromEntries(Object.entries(inner).map(([key, entry]) => [key, fill(entry)]));
    return inner;
  };
  return fill(value) as Value;
}
