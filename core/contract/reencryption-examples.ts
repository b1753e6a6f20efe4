// SPDX-License-Identifier: Apache-2.0
// Examples of the bodies about sources, re-encryption, holds and retirement.
const AT = '2026-11-22T10:00:00.000Z';
const LATER = '2026-11-22T10:14:00.000Z';
const OPERATION = 'op_01JD8Z6Y3W9V5T7R2Q4N8M6K1H';
const DIGEST = 'a5'.repeat(32);

const LOCATION = {
  kind: 'dynamodb',
  tableArn: 'arn:aws:dynamodb:eu-west-1:111122223333:table/orders',
  ciphertextAttributes: ['card'],
  context: { order: { attribute: 'orderId' } },
};
const COPIES = [{ kind: 'point-in-time-recovery', retentionDays: 35 }];
const SOURCE = {
  key: 'orders',
  name: 'archive',
  location: LOCATION,
  shards: 4,
  copies: COPIES,
  count: {
    operationId: OPERATION,
    startedAt: AT,
    endedAt: LATER,
    byVersion: { 3: 48_211 },
    dead: 0,
  },
  registeredAt: AT,
  registeredBy: 'usr_alice',
};
const HOLD = {
  key: 'orders',
  name: 'lawsuit',
  reason: 'case 4711',
  until: null,
  placedAt: AT,
  placedBy: 'usr_ada',
};

export const REENCRYPTION_EXAMPLES = {
  SourceLocation: LOCATION,
  PutSourceRequest: { location: LOCATION, shards: 4, copies: COPIES },
  Source: SOURCE,
  SourcePage: { items: [SOURCE], nextCursor: null },
  OpenVersionRequest: { hours: 24, reason: 'the archive is under the leaked version' },
  StartReencryptionRequest: { reason: 'old ciphertexts before the audit' },
  Reencryption: {
    key: 'orders',
    state: 'running',
    isAutomatic: true,
    operationId: OPERATION,
    operationState: 'running',
    cause: null,
    pass: 1,
    itemsPerSecond: 812.5,
    secondsLeft: 41,
    sources: [
      {
        source: 'archive',
        items: 15_000,
        expected: 48_211,
        rewritten: 14_200,
        changed: 3,
        dead: 0,
        byVersion: { 2: 14_203, 3: 797 },
        shardsDone: 1,
        shards: 4,
      },
    ],
    deadItems: [],
  },
  PutHoldRequest: { reason: 'case 4711', until: null },
  Hold: HOLD,
  HoldPage: { items: [HOLD], nextCursor: null },
  Retirement: {
    version: 2,
    isReady: true,
    conditions: [{ name: 'no-hold', isMet: true, found: 'none' }],
    evidence: { at: LATER, object: `retirement/orders/v2/${DIGEST}.json`, digest: DIGEST },
    judgedAt: LATER,
  },
} as const;
