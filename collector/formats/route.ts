/** Turns a path into the route it belongs to, so that ids do not make every request a series of its own. */

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const deepest = 8;

/** `/invoice/20240011223344556677/pdf` → `/invoice/{id}/pdf`. One pass; a path without ids comes back as it is. */
export function routeOf(path: string): string {
  let route = '';
  let copied = 0;
  let depth = 0;
  for (let start = 0; start < path.length; depth++) {
    let end = path.indexOf('/', start);
    if (end < 0) end = path.length;
    if (depth > deepest) return `${route}${path.slice(copied, start)}…`;
    if (end > start && isId(path, start, end)) {
      route += `${path.slice(copied, start)}{id}`;
      copied = end;
    }
    start = end + 1;
  }
  return copied === 0 ? path : route + path.slice(copied);
}

/** Numbers, UUIDs, long hexadecimal, masked values, and anything with many digits or too long to be a name. */
function isId(path: string, start: number, end: number): boolean {
  const length = end - start;
  let digits = 0;
  let hex = 0;
  for (let index = start; index < end; index++) {
    const code = path.charCodeAt(index);
    if (code >= 48 && code <= 57) digits++;
    else if ((code >= 97 && code <= 102) || (code >= 65 && code <= 70)) hex++;
    else if (code === 42) return true;
  }
  if (digits === length || digits >= 8 || length > 80) return true;
  return digits > 0 && ((digits + hex === length && length >= 16) || (length === 36 && uuid.test(path.slice(start, end))));
}

/** Stops inventing routes after `most` of them: a scanner trying a million addresses must not become a million series. */
export function routeReader(most = 2_000): (path: string) => string {
  const routes = new Set<string>();
  return (path) => {
    // Most paths hold no id and are routes themselves.
    if (routes.has(path)) return path;
    const route = routeOf(path);
    if (routes.has(route)) return route;
    if (routes.size >= most) return '{other}';
    routes.add(ownCopy(route));
    return route;
  };
}

/** A slice keeps the whole text it was cut from alive; what is remembered must not. */
const ownCopy = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le');
