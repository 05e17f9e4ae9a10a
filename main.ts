#!/usr/bin/env node
import '#store/lean-drizzle.ts';

/** The fenghuo command: one verb per line. Exit codes: 0 good, 1 the thing checked is bad, 2 wrong usage, 3 could not do it. */

type Command = (argv: string[]) => Promise<number>;

const verbs: Record<string, () => Promise<Command>> = {
  start: async () => (await import('./start.ts')).start,
  check: async () => (await import('./commands.ts')).check,
  'logs parse': async () => (await import('./commands.ts')).logsParse,
  'probe run': async () => (await import('./commands.ts')).probeRun,
  'rules test': async () => (await import('./commands.ts')).rulesTest,
  'routes test': async () => (await import('./commands.ts')).routesTest,
  'runbook check': async () => (await import('./commands.ts')).runbookCheck,
  'token add': async () => (await import('./accounts.ts')).tokenAdd,
  'user add': async () => (await import('./accounts.ts')).userAdd,
  verify: async () => (await import('./accounts.ts')).verify,
};

const usage = `fenghuo 烽火

  fenghuo start [--config FILE] [--demo] [--role all|collector|alerts|console] [--data DIR] [--listen ADDR:PORT]
  fenghuo check [--config FILE] [--json]
  fenghuo logs parse --format F [--zone Z] [--encoding E] [--year Y] [--now ISO] [--service S] [--summary] [--json] FILE…
  fenghuo probe run ID [--config FILE] [--json]
  fenghuo rules test FILE… [--json]
  fenghuo routes test [--config FILE] LABEL=VALUE… [--json]
  fenghuo runbook check FILE… [--json]
  fenghuo user add NAME --email E [--role viewer|responder|publisher|admin] [--password-file F] [--data DIR]
  fenghuo token add NAME --scope ingest,alerts,read [--data DIR] [--json]
  fenghuo verify [--data DIR] [--json]
`;

async function main(argv: string[]): Promise<number> {
  const two = argv.slice(0, 2).join(' ');
  const one = argv[0] ?? '';
  if (one === 'help' || one === '--help' || one === '-h') {
    process.stdout.write(usage);
    return 0;
  }
  const [name, rest] = verbs[two] ? [two, argv.slice(2)] : [one, argv.slice(1)];
  const load = verbs[name];
  if (!load) {
    process.stderr.write(`${argv.length === 0 ? 'fenghuo: say what to do' : `fenghuo: "${two}" is not a command`}\n\n${usage}`);
    return 2;
  }
  return (await load())(rest);
}

// A reader such as `head` that has seen enough is no fault of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`fenghuo: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 3;
  },
);
