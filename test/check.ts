/** `npm run check`: format, lint, types, import arrows, dead code, the clock rule and the paths named in documents. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { syncTypes } from './sync.ts';

const bin = (name: string) => `node_modules/.bin/${name}`;
const folders = ['lib', 'collector', 'alerts', 'runbooks', 'notices', 'store', 'console', 'demo', 'test', 'bench', 'main.ts', 'config.ts'];

interface Step {
  name: string;
  run(): Promise<{ ok: boolean; output: string }>;
}

function command(name: string, ...[program, ...args]: string[]): Step {
  return {
    name,
    run: () =>
      new Promise((done) => {
        const child = spawn(program ?? '', args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' } });
        let output = '';
        child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
        child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
        child.on('error', (error) => done({ ok: false, output: error.message }));
        child.on('close', (code) => done({ ok: code === 0, output }));
      }),
  };
}

function look(name: string, findings: () => string[]): Step {
  return {
    name,
    run: () => {
      const found = findings();
      return Promise.resolve({ ok: found.length === 0, output: found.join('\n') });
    },
  };
}

const tracked = () =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '' && existsSync(file));

/** Only lib/clock.ts may ask what time it is, set timers or roll dice; everything else is handed `now` or a Clock. */
function clockRule(): string[] {
  const banned = /\bDate\.now\(|\bnew Date\(\)|\bsetTimeout\(|\bsetInterval\(|\bMath\.random\(/;
  return tracked()
    .filter((file) => /\.(ts|svelte)$/.test(file) && !/\.test\.ts$|\/test-[a-z-]+\.ts$|^test\/|^bench\/|^console\/src\/|^lib\/clock\.ts$/.test(file))
    .flatMap((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .flatMap((line, index) => (banned.test(line) && !/^\s*(\/\/|\*|\/\*)/.test(line) ? [`${file}:${index + 1}: take the time from a Clock: ${line.trim()}`] : [])),
    );
}

/** A component longer than this does more than one thing. */
function componentLengths(): string[] {
  const most = 150;
  return tracked()
    .filter((file) => file.endsWith('.svelte'))
    .flatMap((file) => {
      const lines = readFileSync(file, 'utf8').trimEnd().split('\n').length;
      return lines > most ? [`${file}: ${lines} lines, at most ${most}: take a part of it into a component of its own`] : [];
    });
}

/** A path named in a document must exist, so that documents cannot lie about the house. */
function documentPaths(): string[] {
  const written = /`((?:lib|collector|alerts|runbooks|notices|store|console|demo|test|bench|docs)\/[A-Za-z0-9_./-]+|[a-z.-]+\.(?:ts|json|yml|yaml))`/g;
  return tracked()
    .filter((file) => file.endsWith('.md') && !file.startsWith('test/fixtures') && !file.startsWith('runbooks/library'))
    .flatMap((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .flatMap((line, index) =>
          [...line.matchAll(written)].flatMap(([, path]) => (path && !/fenghuo\.yaml|alertmanager\.yml/.test(path) && !existsSync(path) ? [`${file}:${index + 1}: ${path} does not exist`] : [])),
        ),
    );
}

const steps: Step[] = [
  command('format and lint', bin('biome'), 'ci', '--colors=off', '.'),
  command('types', bin('tsc'), '-p', '.'),
  command('console types', process.execPath, 'console/check-console.ts'),
  command('import arrows', bin('depcruise'), '--config', '.dependency-cruiser.mjs', ...folders.filter((folder) => existsSync(folder))),
  command('dead code', bin('knip')),
  look('clock rule', clockRule),
  look('component lengths', componentLengths),
  look('document paths', documentPaths),
];

syncTypes();
const startedAt = performance.now();
let failed = 0;
const queue = [...steps];
await Promise.all(
  [0, 1].map(async () => {
    for (let step = queue.shift(); step; step = queue.shift()) {
      const from = performance.now();
      const { ok, output } = await step.run();
      console.log(`${ok ? 'ok  ' : 'FAIL'} ${step.name} (${((performance.now() - from) / 1000).toFixed(1)} s)`);
      if (!ok) {
        failed++;
        console.log(output.trim());
      }
    }
  }),
);
console.log(`check: ${steps.length - failed} of ${steps.length} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
process.exit(failed === 0 ? 0 : 1);
