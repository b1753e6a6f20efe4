// SPDX-License-Identifier: Apache-2.0
// Examples of the bodies that stop keys.
const AT = '2026-11-22T10:00:00.000Z';
const OPERATION = 'op_01JD2Q4Y8Z5V7K3M9N6P0R1S2T';

const SCOPE = { kind: 'owner', value: 'olga' };
const SCOPE_CONTAINMENT = {
  id: 'scp_0a1b2c3d4e5f60718293a4b5c6',
  scope: SCOPE,
  kind: 'revocation',
  mode: 'locked',
  reason: 'the laptop of the owner was stolen',
  requestedBy: 'usr_alice',
  isEmergency: false,
  isReviewOpen: false,
  occurredAt: null,
  state: 'running',
  counts: { found: 1200, contained: 340, already: 2, refused: 0, failed: 0 },
  pass: 1,
  floorSeconds: 160,
  failures: [],
  startedAt: AT,
  endedAt: null,
  lift: null,
};

const PAUSE = {
  id: 'pause-7',
  reason: 'KMS answers oddly',
  by: 'usr_alice',
  startedAt: AT,
  until: '2026-11-22T14:00:00.000Z',
  endedAt: null,
  endedBy: null,
  isActive: true,
  deletionsAtKms: [{ key: 'orders', version: 1, deletionAt: '2026-11-29T10:00:00.000Z' }],
};

export const CONTAINMENT_EXAMPLES: Readonly<Record<string, unknown>> = {
  RevokeKeyRequest: {
    reason: 'the credentials of orders-api were seen in a public log',
    mode: 'locked',
    occurredAt: '2026-11-21T00:00:00Z',
  },
  SuspendKeyRequest: { reason: 'decrypts by a role that nobody knows' },
  ResumeKeyRequest: { reason: 'the role is the new batch of billing' },
  ContainmentAccepted: {
    operationId: OPERATION,
    approvalId: null,
    digest: null,
    expiresAt: null,
    state: 'revoking',
    kms: 'accepted',
    reviewId: null,
  },
  KeyScope: SCOPE,
  ContainmentId: SCOPE_CONTAINMENT.id,
  PlanContainmentRequest: { scope: SCOPE, kind: 'revocation', mode: 'locked' },
  ContainmentPlan: {
    keys: 1200,
    already: 2,
    protectedKeys: [],
    order: [
      { class: 'payment-critical', keys: 200 },
      { class: 'internal-data', keys: 1000 },
    ],
    isPartial: false,
    floorSeconds: 160,
    quorumBecause: 'nobody has keys of class payment-critical revoked alone',
  },
  ContainScopeRequest: {
    scope: SCOPE,
    kind: 'revocation',
    mode: 'locked',
    reason: 'the laptop of the owner was stolen',
  },
  ScopeContainmentAccepted: {
    operationId: null,
    approvalId: null,
    digest: null,
    expiresAt: null,
    containmentId: SCOPE_CONTAINMENT.id,
    reviewId: null,
  },
  ScopeContainment: SCOPE_CONTAINMENT,
  ScopeContainmentPage: { items: [SCOPE_CONTAINMENT], nextCursor: null },
  PauseId: 'pause-7',
  StartPauseRequest: { reason: 'KMS answers oddly', hours: 4 },
  Pause: PAUSE,
  PausePage: { items: [PAUSE], nextCursor: null },
  StatusListPayload: {
    type: 'keyturn-status-list/1',
    stage: 'production',
    iat: 1_795_305_600,
    exp: 1_795_305_900,
    entries: [
      { key: 'orders', version: null, state: 'revoked', since: AT, reason: 'key-compromise' },
    ],
  },
  StatusList: { payload: 'eyJ0eXBlIjoi', protected: 'eyJhbGciOiJFUzI1NiJ9', signature: 'c2ln' },
  Containment: {
    kind: 'revocation',
    mode: 'locked',
    state: 'revoking',
    operationId: OPERATION,
    reason: 'the credentials of orders-api were seen in a public log',
    by: 'usr_alice',
    at: AT,
    occurredAt: '2026-11-21T00:00:00Z',
    confirmedAt: null,
    isReviewOpen: false,
  },
};
