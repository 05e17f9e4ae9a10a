import { spawnSync } from 'node:child_process';

/** Writes the types Kit generates, which tsconfig.json extends and `npm install` wipes; without them nothing compiles. */
export function syncTypes(): void {
  const done = spawnSync(process.execPath, ['node_modules/@sveltejs/kit/svelte-kit.js', 'sync'], { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`svelte-kit sync failed:\n${done.stderr}`);
}
