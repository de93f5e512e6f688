/** The pure domain alone: no stores are started, so that a mutation run can begin it a thousand times. */
const { globalSetup: _setup, globalTeardown: _teardown, ...rest } = require('./jest.config.cjs');

module.exports = {
  ...rest,
  globals: { lawsLives: 100, lawsMs: 0, runsMax: 100 },
  // The sources stand among the roots, or no test is known to be related to what it imports indirectly.
  roots: ['domain', 'ops/calc', 'test/domain', 'test/calc', 'test/support'].map((room) => `<rootDir>/${room}`),
  testPathIgnorePatterns: ['/node_modules/', 'calc/door'],
};
