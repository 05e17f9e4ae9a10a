import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a tool of node_modules in the root and hands on its exit code. */
function run(script: string, args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'node_modules', script), ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

// Kit's generated types first: the root tsconfig extends them, and npm install wipes them. Without --tsgo, which takes every component imported by `#src/…` for `any`.
const synced = await run('@sveltejs/kit/svelte-kit.js', ['sync']);
process.exitCode = synced !== 0 ? synced : await run('svelte-check/bin/svelte-check', ['--tsconfig', './tsconfig.json', '--fail-on-warnings', '--output', 'human']);
