/** Packages that ship ES modules only: compiled for jest like our own code. */
const ESM_PACKAGES = ['jose', 'pkijs', 'asn1js', 'pvtsutils', 'pvutils', '@noble/hashes', 'bytestreamjs', '@peculiar'];

module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testPathIgnorePatterns: ['/node_modules/', '/test/canary/'],
  transform: {
    '^.+\\.(t|j|mj)s$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${ESM_PACKAGES.join('|')})/)`],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  testTimeout: 120_000,
  maxWorkers: 2,
  // The SDK's native runtime keeps a handle open after its last worker has stopped.
  forceExit: true,
};
