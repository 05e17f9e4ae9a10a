/** The cookies of one journey: kept per host, forgotten when the check is over. */
export interface CookieJar {
  store(url: URL, setCookie: string): void;
  /** The `cookie` header for an address; undefined when there is nothing to send. */
  header(url: URL): string | undefined;
  value(url: URL, name: string): string | undefined;
}

export function createCookieJar(): CookieJar {
  const hosts = new Map<string, Map<string, string>>();
  return {
    store(url, setCookie) {
      const [pair = '', ...attributes] = setCookie.split(';');
      const at = pair.indexOf('=');
      const name = pair.slice(0, at).trim();
      if (at < 1) return;
      const cookies = hosts.get(url.hostname) ?? new Map<string, string>();
      hosts.set(url.hostname, cookies);
      if (attributes.some((attribute) => /^\s*max-age\s*=\s*(0|-\d+)\s*$/i.test(attribute))) cookies.delete(name);
      else cookies.set(name, pair.slice(at + 1).trim());
    },
    header(url) {
      const cookies = hosts.get(url.hostname);
      return cookies && cookies.size > 0 ? [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') : undefined;
    },
    value: (url, name) => hosts.get(url.hostname)?.get(name),
  };
}
