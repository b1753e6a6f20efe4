// SPDX-License-Identifier: Apache-2.0
// `unit` and `fuzz` need no network; `lib` synthesizes the CDK app; `integration` starts emulators; `e2e`, `crash` and
// `localstack` deploy the whole app locally.
import { defineConfig } from 'vitest/config';

const integration = [
  'test/adapters/{dynamodb,kms,pkcs11}/**/*.test.ts',
  'test/emulator/**/*.test.ts',
  'test/gateway/**/*.test.ts',
  'test/**/*.integration.test.ts',
];

/**
 * Longest time of a test, milliseconds: far above what any takes, for lanes run beside deployments that fill both cores. What
 * hangs is still found.
 */
const PATIENCE = 180_000;

export default defineConfig({
  test: {
    environment: 'node',
    restoreMocks: true,
    globalSetup: ['test/support/temporary-files.ts'],
    // Two workers: the reference machine has two cores.
    maxWorkers: 2,
    coverage: { provider: 'v8', include: ['core/**', 'adapters/**', 'functions/**', 'client/**'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [
            ...integration,
            ...['e2e', 'crash', 'lib', 'fuzz', 'localstack'].map((room) => `test/${room}/**`),
          ],
          testTimeout: PATIENCE,
        },
      },
      {
        extends: true,
        test: { name: 'fuzz', include: ['test/fuzz/**/*.test.ts'], testTimeout: PATIENCE },
      },
      {
        // One process for all files: each would import the whole CDK library again.
        extends: true,
        test: {
          name: 'lib',
          include: ['test/lib/**/*.test.ts'],
          isolate: false,
          maxWorkers: 1,
          testTimeout: PATIENCE,
          hookTimeout: PATIENCE,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: integration,
          testTimeout: PATIENCE,
          hookTimeout: PATIENCE,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/stack.ts'],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        // `npm run test:localstack` names the files. Its interpreter shares one core among all executions, so that
        // everything takes two to three times as long.
        extends: true,
        test: {
          name: 'localstack',
          include: ['test/localstack/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/stack.ts'],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 900_000,
        },
      },
      {
        // `npm test` runs it beside the end-to-end tests and their two stacks.
        extends: true,
        test: {
          name: 'crash',
          include: ['test/crash/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
