/** What books money, on the real Postgres that `npm run mutate -- money` started once for the whole mutation run. */
const { globalSetup: _setup, globalTeardown: _teardown, ...rest } = require('./jest.config.cjs');

module.exports = {
  ...rest,
  globals: { lawsLives: 100, lawsMs: 0, runsMax: 100 },
  maxWorkers: 1,
  // The sources stand among the roots, or no test is known to be related to what it imports indirectly.
  roots: [
    'activities',
    'api',
    'channels',
    'config',
    'db',
    'dev',
    'domain',
    'migrations',
    'ops',
    'providers',
    'risk',
    'services',
    'simulator',
  ]
    .concat(['temporal', 'workers', 'workflows'])
    .concat(['activities', 'channels', 'db', 'domain', 'services', 'support'].map((room) => `test/${room}`))
    .map((room) => `<rootDir>/${room}`),
  // The laws over random lives judge domain/, which has a mutation run of its own.
  testPathIgnorePatterns: ['/node_modules/', 'account-laws'],
};
