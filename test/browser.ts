import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Flags that keep a headless Chromium on this machine and out of the network. */
export const browserFlags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--lang=zh-CN'];

/** The browser tests drive: `CHROMIUM`, else the usual places. */
export function findBrowser(): string | undefined {
  const named = process.env.CHROMIUM;
  if (named) return existsSync(named) ? named : undefined;
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/lib/chromium/chromium'].find((path) => existsSync(path));
}

/** Installs Debian's Chromium when this user may; otherwise says exactly what to do. */
export function installBrowser(): string | undefined {
  const advice =
    'The browser tests need Chromium. On Debian or Ubuntu:\n  sudo apt-get update && sudo apt-get install -y chromium fonts-noto-cjk\nor set CHROMIUM=/path/to/chromium, then run npm test again.';
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) return advice;
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'chromium', 'fonts-noto-cjk']]) {
    const done = spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    if (done.status !== 0) return `apt-get ${args[0]} failed:\n${done.stderr}\n${advice}`;
  }
  return findBrowser() ? undefined : advice;
}
