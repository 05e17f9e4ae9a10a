// The house's import table (ARCHITECTURE.md). Each rule's comment tells the reader what to do instead.
const own = '^(lib|collector|alerts|runbooks|notices|store|console|demo|test|bench)/|^[a-z-]+\\.ts$';
const testFile = '\\.test\\.ts$|/test-[a-z-]+\\.ts$';

/** Files in `folder` may import of ours only `may`. */
const only = (folder, may, comment) => ({
  name: `${folder.replaceAll('/', '-')}-imports`,
  severity: 'error',
  comment,
  from: { path: `^${folder}/`, pathNot: testFile },
  to: { path: own, pathNot: [`^${folder}/`, ...may.map((one) => `^${one}/`)] },
});

export default {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Two files that need each other are one file, or a third is missing between them.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphan-imports',
      severity: 'error',
      comment: 'The path does not resolve: check the spelling and that it ends in .ts.',
      from: {},
      to: { couldNotResolve: true, pathNot: ['^\\$app/', '\\$types\\.js$'] },
    },
    only('lib', [], 'lib knows nothing of ours: hand the thing in as an argument.'),
    {
      name: 'lib-no-io',
      severity: 'error',
      comment: 'lib does no I/O: put files and sockets in the folder that owns them.',
      from: { path: '^lib/', pathNot: testFile },
      to: { path: '^(node:)?(fs|net|http|https|child_process|dgram|tls)(/|$)', dependencyTypes: ['core'] },
    },
    only('collector', ['lib'], 'The collector only sees; what is made of it belongs to alerts. Tell it through the bus or a port in collector/ports.ts.'),
    only('alerts', ['lib', 'collector'], 'Alerts do not know runbooks, notices, store or console: declare a port in alerts/ports.ts or emit on the bus.'),
    only('runbooks', ['lib', 'collector', 'alerts'], 'Runbooks do not know notices, store or console: declare a port in runbooks/ports.ts.'),
    only('notices', ['lib', 'collector', 'alerts', 'runbooks'], 'Notices do not know store or console: declare a port in notices/ports.ts.'),
    {
      name: 'store-obliges',
      severity: 'error',
      comment: 'store implements the ports of the four: import their types only (`import type`), values come from lib.',
      from: { path: '^store/', pathNot: testFile },
      to: { path: '^(collector|alerts|runbooks|notices)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'store-no-console',
      severity: 'error',
      comment: 'store serves ports; the console is not one.',
      from: { path: '^store/', pathNot: testFile },
      to: { path: '^(console|demo|test|bench)/|^[a-z-]+\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'console-no-store',
      severity: 'error',
      comment: 'The console is handed ports by main.ts: add what you need to console/api/ports.ts and oblige in store/.',
      from: { path: '^console/(api/|[^/]+\\.ts$)', pathNot: testFile },
      to: { path: '^(store|demo|test|bench|console/src)/|^[a-z-]+\\.ts$' },
    },
    {
      name: 'browser-types-only',
      severity: 'error',
      comment: 'The browser gets no server value: import the type only, and ask the API for the value.',
      from: { path: '^console/src/', pathNot: testFile },
      to: { path: '^(collector|alerts|runbooks|notices|store|demo|test|bench|console/api)/|^console/[^/]+\\.ts$|^[a-z-]+\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-tests-in-product', severity: 'error', comment: 'Product code must not lean on a test.', from: { pathNot: `^(test|bench)/|${testFile}` }, to: { path: `^(test|bench)/|${testFile}` } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['console/build', '\\.svelte-kit'] },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
