// SPDX-License-Identifier: Apache-2.0
// Three projects: `unit` needs no network; `integration` starts emulators; `e2e` deploys the whole app locally.
import { defineConfig } from 'vitest/config';

const integration = [
  'test/adapters/{dynamodb,kms,pkcs11}/**/*.test.ts',
  'test/emulator/**/*.test.ts',
  'test/gateway/**/*.test.ts',
  'test/**/*.integration.test.ts',
];

export default defineConfig({
  test: {
    environment: 'node',
    restoreMocks: true,
    // Two workers: the reference machine has two cores.
    maxWorkers: 2,
    coverage: { provider: 'v8', include: ['core/**', 'adapters/**', 'functions/**', 'client/**'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...integration, 'test/e2e/**', 'test/crash/**'],
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: integration,
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
