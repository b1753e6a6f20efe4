// SPDX-License-Identifier: Apache-2.0
// Examples of the bodies of recoveries; a part of `examples.ts`.
const RECOVERY = {
  id: 'op_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
  kind: 'key-store.restore',
  keyStore: 'keyturn-production',
  keyStoreId: 'cks-1234567890abcdef0',
  state: 'done',
  phase: 'done',
  cause: null,
  reason: 'the cluster was emptied',
  requestedBy: 'usr_alice',
  approvalId: 'apr_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
  isReviewOpen: false,
  attempt: 1,
  diagnosis: {
    connectionState: 'FAILED',
    connectionError: 'CLUSTER_NOT_FOUND',
    clusterState: null,
    activeHsms: 0,
  },
  sourceClusterId: 'cluster-aaaaaaaaaaa',
  clusterId: 'cluster-bbbbbbbbbbb',
  backupId: 'backup-aaaaaaaaaaa',
  backupAt: '2026-11-22T03:00:00.000Z',
  phases: [
    {
      name: 'diagnose',
      startedAt: '2026-11-22T10:00:00.000Z',
      endedAt: '2026-11-22T10:00:01.000Z',
      seconds: 1,
    },
  ],
  recoverySeconds: 1800,
  survey: {
    checked: 2,
    readable: 1,
    unverified: 0,
    missingCount: 1,
    missing: [
      {
        key: 'orders',
        version: 3,
        keyId: '2b7f4c8e-0c3a-4d7e-9f55-1c2d3e4f5a6b',
        createdAt: '2026-11-22T09:00:00.000Z',
        isAfterBackup: true,
        why: 'KMS failed internally',
      },
    ],
    resurrected: [],
    resurrectedCount: 0,
    isDone: true,
  },
  deletion: null,
  startedAt: '2026-11-22T10:00:00.000Z',
  endedAt: '2026-11-22T10:30:00.000Z',
};

export const RECOVERY_EXAMPLES = {
  StartRecoveryRequest: { kind: 'key-store.restore', reason: 'the cluster was emptied' },
  RecoveryAccepted: {
    operationId: null,
    approvalId: 'apr_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
    digest: '3b'.repeat(32),
    expiresAt: '2026-11-23T10:00:00.000Z',
    reviewId: null,
  },
  Recovery: RECOVERY,
  RecoveryPage: { items: [RECOVERY], nextCursor: null },
} as const;
