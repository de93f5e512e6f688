/** The dependency rules of README.md ("Layout"), checked on every change. */
const OURS =
  '^(domain|workflows|services|activities|temporal|channels|providers|simulator|risk|db|migrations|api|workers|ops|dev|config|web|bench|test)/';
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: OURS, pathNot: allowed },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'A cycle hides who depends on whom.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only('domain-is-pure', '^domain/', '^domain/', 'Domain imports nothing of ours.'),
    {
      name: 'domain-has-no-node',
      severity: 'error',
      comment: 'Time and randomness arrive as arguments.',
      from: { path: '^domain/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'workflows-import-domain-only',
      severity: 'error',
      comment: 'Workflows see activities as types alone.',
      from: { path: '^workflows/' },
      to: { path: OURS, pathNot: '^(domain|workflows)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workflows-without-zod',
      severity: 'error',
      comment: 'Validation libraries stay out of the sandbox.',
      from: { path: '^workflows/' },
      to: { path: 'node_modules/(zod|knex|pg|express)/', reachable: true },
    },
    only('channels-know-domain-only', '^channels/', '^(channels|domain)/', 'A channel adapter knows money and dates.'),
    only(
      'providers-know-domain-only',
      '^providers/',
      '^((providers|domain)/|channels/http\\.)',
      'A provider is a port and its adapters; it exchanges messages as a channel does.',
    ),
    only('simulator-is-an-outsider', '^simulator/', '^simulator/', 'Evidence must not share code with the accused.'),
    only('risk-knows-domain-only', '^risk/', '^(risk|domain)/', 'Rules and scores are pure.'),
    only('config-knows-domain-only', '^config/', '^(config|domain)/', 'Settings know nobody who is set.'),
    only(
      'db-knows-domain-only',
      '^db/',
      '^((db|domain|migrations|config)/|providers/keys/(port|seal)\\.)',
      'Repositories know neither workflows nor API; they seal by the port of the keys.',
    ),
    only(
      'services-know-no-temporal',
      '^services/',
      '^(services|domain|db|risk|config/(log|tombstones)|channels/(port|names)|providers/[a-z]+/port)',
      'What happens inside a transaction knows ports, and neither Temporal nor adapters.',
    ),
    {
      name: 'services-without-temporal-sdk',
      severity: 'error',
      comment: 'What happens inside a transaction is tried without Temporal.',
      from: { path: '^(services|domain|db|risk|channels|providers)/' },
      to: { path: 'node_modules/@temporalio/' },
    },
    only(
      'activities-below-workflows',
      '^activities/',
      '^(activities|services|domain|db|channels|providers|risk)/',
      'Activities never start or know workflows.',
    ),
    only(
      'temporal-talks-to-the-server',
      '^temporal/',
      '^(temporal|workflows|services|domain|db|config|channels/(names|rules)|providers/identity/rules)',
      'Who talks to a Temporal server knows messages, not activities.',
    ),
    only(
      'api-composes-nothing',
      '^api/(?!server\\.ts)',
      '^(api|services|db|domain|config/log|temporal/(delivery|nudge)|workflows/[a-z-]+\\.messages)',
      'Only server.ts composes the API, and it knows neither activities nor workers.',
    ),
    only(
      'server-composes-the-api',
      '^api/server\\.ts$',
      '^(?!activities|workers|ops|dev|bench|test|simulator)',
      'The API runs without a worker.',
    ),
    only('workers-run-no-tools', '^workers/', '^(?!api|ops|dev|bench|test|simulator)', 'A worker ships alone.'),
    only(
      'ops-ships-to-production',
      '^ops/(?!cli/sandbox\\.ts)',
      '^(?!dev|bench|test|simulator)',
      'What may run against production reaches dev/ through one door.',
    ),
    {
      name: 'dev-is-walled-off',
      severity: 'error',
      comment: 'What may never touch production is known to bench, test and one door of the program.',
      from: { path: OURS, pathNot: '^(dev|bench|test)/|^ops/cli/sandbox\\.ts$' },
      to: { path: '^dev/' },
    },
    only('dev-knows-no-tests', '^dev/', '^(?!bench|test)', 'Tools do not lean on tests.'),
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'A file that nobody reaches is dead.',
      from: { orphan: true, pathNot: '(\\.d\\.ts|\\.config\\.|^test/|^ops/bin/|^bench/|^dev/)' },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(node_modules|\\.data|\\.cache)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json', '.mjs'] },
  },
};
