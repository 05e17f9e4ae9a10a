/** Turns a path into the route it belongs to, so that ids do not make every request a series of its own. */

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const deepest = 8;

/** `/invoice/20240011223344556677/pdf` → `/invoice/{id}/pdf`. */
export function routeOf(path: string): string {
  if (path === '' || path === '/') return path;
  const segments = path.split('/');
  let changed = false;
  for (let index = 0; index < segments.length; index++) {
    if (!isId(segments[index] ?? '')) continue;
    segments[index] = '{id}';
    changed = true;
  }
  if (segments.length > deepest + 1) return `${segments.slice(0, deepest + 1).join('/')}/…`;
  return changed ? segments.join('/') : path;
}

/** Numbers, UUIDs, long hexadecimal, masked values, and anything with many digits or too long to be a name. */
function isId(segment: string): boolean {
  const length = segment.length;
  if (length === 0) return false;
  let digits = 0;
  let hex = 0;
  for (let index = 0; index < length; index++) {
    const code = segment.charCodeAt(index);
    if (code >= 48 && code <= 57) digits++;
    else if ((code >= 97 && code <= 102) || (code >= 65 && code <= 70)) hex++;
    else if (code === 42) return true;
  }
  if (digits === length || digits >= 8 || length > 80) return true;
  return digits > 0 && ((digits + hex === length && length >= 16) || (length === 36 && uuid.test(segment)));
}

/**
 * Remembers paths already seen, and stops inventing routes after `most` of them: a scanner trying a million addresses
 * must not become a million series.
 */
export function routeReader(most = 2_000): (path: string) => string {
  const byPath = new Map<string, string>();
  const routes = new Set<string>();
  return (path) => {
    const known = byPath.get(path);
    if (known !== undefined) return known;
    const own = ownCopy(path);
    let route = routeOf(own);
    if (!routes.has(route)) {
      if (routes.size < most) routes.add(route);
      else route = '{other}';
    }
    if (byPath.size >= 8_192) byPath.clear();
    byPath.set(own, route);
    return route;
  };
}

/** A slice keeps the whole text it was cut from alive; what is remembered must not. */
const ownCopy = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le');
