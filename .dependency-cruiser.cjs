/** The dependency rules of README.md ("Layout"), checked on every change. */
const OURS = '^(domain|workflows|activities|channels|simulator|risk|db|migrations|api|workers|ops|config|web|bench|test)/';
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
    only('simulator-is-an-outsider', '^simulator/', '^simulator/', 'Evidence must not share code with the accused.'),
    only('risk-knows-domain-only', '^risk/', '^(risk|domain)/', 'Rules and scores are pure.'),
    only('db-knows-domain-only', '^db/', '^(db|domain|migrations)/', 'Repositories know neither workflows nor API.'),
    only(
      'activities-below-workflows',
      '^activities/',
      '^(activities|domain|db|channels|risk)/',
      'Activities never start or know workflows.',
    ),
    only('api-composes-nothing', '^api/(?!server\\.ts)', '^(api|domain|db|workflows|activities)/', 'Only server.ts composes the API.'),
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'A file that nobody reaches is dead.',
      from: { orphan: true, pathNot: '(\\.d\\.ts|\\.config\\.|^test/|^ops/bin/|^bench/)' },
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
