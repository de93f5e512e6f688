/** Mutation testing, through `npm run mutate` (test/mutation): a sample is drawn by a checker and is not kept for the next run. */
const room = process.env.MUTATION_ROOM ?? 'domain';
const isSample = Number(process.env.MUTATION_SHARE ?? '1') < 1;

export default {
  packageManager: 'npm',
  testRunner: 'jest',
  jest: { configFile: `jest.${room}.config.cjs`, enableFindRelatedTests: true },
  coverageAnalysis: 'perTest',
  plugins: ['@stryker-mutator/jest-runner', './test/mutation/sample.mjs'],
  incremental: !isSample,
  incrementalFile: `.cache/stryker-${room}.json`,
  tempDirName: `.cache/stryker-${room}`,
  concurrency: Number(process.env.MUTATION_WORKERS ?? '2'),
  timeoutMS: 30_000,
  dryRunTimeoutMinutes: 20,
  reporters: ['clear-text', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false },
  ignorePatterns: ['.cache', '.data', 'test/histories', 'test/mutants'],
  disableTypeChecks: '{activities,channels,db,domain,test}/**/*.ts',
};
