/** The pure domain alone: no stores are started, so that a mutation run can begin it a thousand times. */
const { globalSetup: _setup, globalTeardown: _teardown, ...rest } = require('./jest.config.cjs');

module.exports = {
  ...rest,
  globals: { lawsLives: 100, lawsMs: 0 },
  roots: ['<rootDir>/test/domain', '<rootDir>/test/calc'],
  testPathIgnorePatterns: ['/node_modules/', 'calc/door'],
};
