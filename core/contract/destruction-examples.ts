// SPDX-License-Identifier: Apache-2.0
// Examples of the bodies of destruction; a part of `examples.ts`.
const DIGEST = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

export const DESTRUCTION_EXAMPLES = {
  RequestDestructionRequest: {
    version: 1,
    confirm: 'orders',
    acceptLoss: false,
    reason: 'everything is under version 2 since March',
  },
  StopDestructionRequest: { reason: 'the archive job still reads it' },
  ReportMaterialRequest: {
    clusterId: 'cluster-abcdefghijk',
    listingDigest: DIGEST,
    objectsListed: 412,
    objectsFound: 0,
  },
  Destruction: {
    id: 'des_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
    key: 'orders',
    versions: [1],
    phase: 'pending',
    keyId: '3f2c5d1e-8a4b-4c6d-9e7f-0a1b2c3d4e5f',
    keyArn: 'arn:aws:kms:eu-central-1:123456789012:key/3f2c5d1e-8a4b-4c6d-9e7f-0a1b2c3d4e5f',
    approvalId: 'apr_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
    requestedBy: 'usr_alice',
    reason: 'everything is under version 2 since March',
    begunAt: '2026-11-22T10:00:00.000Z',
    quietUntil: '2026-11-29T10:00:00.000Z',
    deletionAt: '2026-12-29T10:00:00.000Z',
    lossAccepted: [],
    wrappedKeys: 0,
    uses: 0,
    lastUseAt: null,
    stopped: null,
    logicalAt: null,
    materialAt: null,
    backupsUntil: null,
    finalAt: null,
    resurrected: null,
    certificate: null,
  },
} as const;
