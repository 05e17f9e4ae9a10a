/** Label sets: the identity of series and alerts. */
export type Labels = Readonly<Record<string, string>>;

/** Same labels in any order give the same text; an empty value counts as an absent label. */
export function labelKey(labels: Labels): string {
  return JSON.stringify(
    Object.entries(labels)
      .filter(([, value]) => value !== '')
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  );
}

/** The 64-bit FNV-1a hash of the label set as 16 hex digits; equal sets have equal fingerprints. */
export function fingerprint(labels: Labels): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(labelKey(labels))) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}

/** Keeps only the named labels; absent ones are left out. */
export function pickLabels(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(names.flatMap((name) => (labels[name] ? [[name, labels[name]]] : [])));
}
