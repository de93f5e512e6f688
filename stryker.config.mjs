/**
 * Mutation testing: `npm run mutate -- <folder or file of domain/>`, for example `npm run mutate -- domain/payment`.
 * Survivors are listed; docs/mutation.md judges them. Not in CI: a run takes minutes to hours.
 */
export default {
  packageManager: 'npm',
  testRunner: 'jest',
  jest: { configFile: 'jest.domain.config.cjs', enableFindRelatedTests: true },
  coverageAnalysis: 'perTest',
  incremental: true,
  incrementalFile: '.cache/stryker.json',
  tempDirName: '.cache/stryker',
  concurrency: 2,
  timeoutMS: 30_000,
  reporters: ['clear-text', 'progress'],
  clearTextReporter: { allowColor: false, logTests: false },
  ignorePatterns: ['.cache', '.data', 'test/histories', 'test/mutants'],
  disableTypeChecks: '{domain,test}/**/*.ts',
};
