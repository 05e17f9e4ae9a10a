import { type FSWatcher, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '#lib/clock.ts';
import { between, type DurationMs, durationMs, type UnixMs, unixMs } from '#lib/time.ts';

/** The system's word that something changed: it saves waiting for the next look, but nothing relies on it. */
export interface WatchHints {
  /** Watches the folders of these paths, up to a limit; whatever else happens there is not our business. */
  watch(paths: ReadonlySet<string>): void;
  /** The watched paths hinted at since the last call. */
  take(): string[];
  /** A hint names a file nobody has told us whether to watch. */
  hasNewName(): boolean;
  /** Called soon after a change, but not more often than the spacing allows. */
  onHint(listener: () => void): void;
  stop(): void;
}

const mostFolders = 64;

export function watchHints(clock: Clock, spacing: () => DurationMs): WatchHints {
  const watchers = new Map<string, FSWatcher>();
  const hinted = new Set<string>();
  const strangers = new Set<string>();
  let watched: ReadonlySet<string> = new Set();
  let told: UnixMs = unixMs(0);
  let pending = false;
  let tell: (() => void) | undefined;

  const announce = (): void => {
    if (pending || !tell) return;
    pending = true;
    clock.after(durationMs(Math.max(0, spacing() - between(told, clock.now()))), () => {
      pending = false;
      told = clock.now();
      tell?.();
    });
  };

  const add = (folder: string): void => {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        const path = join(folder, name ?? '');
        if (name === null || strangers.has(path) || hinted.size > 10_000) return;
        hinted.add(path);
        announce();
      });
      watcher.on('error', () => {
        watcher.close();
        watchers.delete(folder);
      });
      watchers.set(folder, watcher);
    } catch {
      // No such folder yet, or no watches left: looking at intervals finds everything too.
    }
  };

  return {
    watch(paths) {
      watched = paths;
      if (strangers.size > 10_000) strangers.clear();
      for (const path of hinted) if (!paths.has(path)) strangers.add(path);
      for (const folder of new Set([...paths].map((path) => dirname(path)))) if (!watchers.has(folder) && watchers.size < mostFolders) add(folder);
    },
    take() {
      const paths = [...hinted].filter((path) => watched.has(path));
      hinted.clear();
      return paths;
    },
    hasNewName: () => [...hinted].some((path) => !watched.has(path)),
    onHint(listener) {
      tell = listener;
    },
    stop() {
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
      tell = undefined;
    },
  };
}
