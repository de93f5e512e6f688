/** What books money, on the real Postgres that `npm run mutate -- money` started once for the whole mutation run. */
const { globalSetup: _setup, globalTeardown: _teardown, ...rest } = require('./jest.config.cjs');

module.exports = {
  ...rest,
  globals: { lawsLives: 100, lawsMs: 0 },
  maxWorkers: 1,
  roots: ['activities', 'channels', 'db', 'domain'].map((room) => `<rootDir>/test/${room}`),
  // The laws over random lives judge domain/, which has a mutation run of its own.
  testPathIgnorePatterns: ['/node_modules/', 'account-laws'],
};
