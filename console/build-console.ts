import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'console/build');
const run = promisify(execFile);

/** Builds the console into `console/build`: pages, their .gz and .br, and the hashes a strict content policy needs. */
export async function buildConsole(): Promise<void> {
  const work = `.svelte-kit/console-${process.pid}`;
  // In a process of its own, so the caller keeps neither Vite nor its memory.
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  try {
    await run(process.execPath, [vite, 'build', '--logLevel', 'error'], { cwd: root, env: { ...process.env, NODE_ENV: 'production', CONSOLE_WORK: work } });
    const pages = join(root, work, 'pages');
    const page = await readFile(join(pages, 'index.html'), 'utf8');
    await writeFile(join(pages, 'csp.json'), `${JSON.stringify({ scriptHashes: scriptHashes(page) })}\n`);
    await putInPlace(pages, join(root, work, 'before'));
  } finally {
    await rm(join(root, work), { recursive: true, force: true });
    // The build's types lay in the folder of its own; the editor and the checks read the usual one.
    await run(process.execPath, [join(root, 'node_modules/@sveltejs/kit/svelte-kit.js'), 'sync'], { cwd: root });
  }
}

/** Swaps the finished pages in; when another build was quicker by a moment, its pages are as good. */
async function putInPlace(pages: string, aside: string): Promise<void> {
  await rename(out, aside).catch(() => undefined);
  await rename(pages, out).catch((error: unknown) => {
    if (!consoleIsBuilt()) throw error;
  });
}

/** Whether what was built is at least as new as everything it is built from. */
export function consoleIsBuilt(): boolean {
  const built = changedAt(join(out, 'csp.json'));
  if (built === 0) return false;
  const sources = ['console/src', 'console/static'].flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(root, folder, name)));
  return [...sources, join(root, 'vite.config.ts'), join(root, 'package-lock.json')].every((file) => changedAt(file) <= built);
}

function changedAt(file: string): number {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0; // not there
  }
}

/** The content-policy hash of every inline script of a page. */
export function scriptHashes(html: string): string[] {
  return [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
    ([, text]) =>
      `sha256-${createHash('sha256')
        .update(text ?? '')
        .digest('base64')}`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const startedAt = performance.now();
  process.stderr.write('building the console … ');
  try {
    await buildConsole();
    process.stderr.write(`done in ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    process.stderr.write(`failed\n${stdout + stderr || message}\n`);
    process.exitCode = 1;
  }
}
