import temporal from 'eslint-plugin-temporal';
import tseslint from 'typescript-eslint';

const workflowCode = ['workflows/**/*.ts'];
const tests = ['test/**/*.ts'];

export default tseslint.config(
  { ignores: ['node_modules', '.data', '.cache', 'test/canary', '**/*.mjs', '**/*.cjs'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: false }],
      // Rules about other people's generated enums and classes, which protobuf's types cannot satisfy.
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-console': 'error',
      '@typescript-eslint/max-params': ['error', { max: 4 }],
      'max-lines': ['error', { max: 330, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 75, skipBlankLines: true, skipComments: true, IIFEs: true }],
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: 'Read the environment through config/env.ts.' }],
    },
  },
  // A migration is one statement about one day, read from top to bottom, and never changed again.
  {
    files: ['migrations/*.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
  // Meaning is data: a key is written by its shape, so that there is one place that says what it identifies.
  {
    files: ['**/*.ts'],
    ignores: ['test/**', 'domain/keys.ts', 'domain/ledger/chart.ts', 'domain/time/dates.ts', 'simulator/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: 'TemplateElement[value.raw=/^[a-z][a-z-]*:$/]', message: 'Keys are made by the shapes of domain/keys.ts.' },
        {
          selector: 'CallExpression[callee.property.name=/^(startsWith|split)$/][arguments.0.value=/^:$|^[a-z-]+:$/]',
          message: 'A key is never taken apart: carry what it was made of.',
        },
      ],
    },
  },
  {
    files: ['config/env.ts', 'simulator/main.ts', 'dev/stack/*.ts', 'ops/attach.ts', 'test/support/**/*.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: workflowCode,
    plugins: { temporal },
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^node:|^zod|^knex|^pg$|/db/|/channels/|/api/', message: 'Workflow code must be deterministic.' }] },
      ],
      'no-restricted-globals': ['error', 'process', 'setTimeout', 'fetch', 'crypto'],
    },
  },
  {
    files: tests,
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // What an API answered is read as it came.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      'max-lines': 'off',
    },
  },
);
