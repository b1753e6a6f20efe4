// SPDX-License-Identifier: Apache-2.0
// Examples of the bodies about mass brakes.
const AT = '2026-11-22T10:00:00.000Z';
const ID = 'brk_0a1b2c3d4e5f60718293a4b5c6';
const SCOPE = { kind: 'application', value: 'billing' };
const SUMMARY = {
  id: ID,
  scope: SCOPE,
  reason: 'a library of billing sends what it decrypts away',
  requestedBy: 'usr_alice',
  isEmergency: true,
  isReviewOpen: true,
  state: 'applying',
  counts: { pending: 0, applied: 1, already: 0, failed: 1, protected: 0, lifted: 0, kept: 0 },
  isFull: false,
  startedAt: AT,
  confirmedAt: null,
  lift: null,
};

export const BRAKE_EXAMPLES: Readonly<Record<string, unknown>> = {
  BrakeId: ID,
  BrakeScope: SCOPE,
  ApplyBrakeRequest: { scope: SCOPE, reason: SUMMARY.reason, emergency: true },
  LiftBrakeRequest: { reason: 'the library is replaced' },
  BrakeAccepted: {
    ...{ operationId: null, approvalId: null, digest: null, expiresAt: null },
    brakeId: ID,
    reviewId: 'apr_01JD2Q4Y8Z5V7K3M9N6P0R1S2T',
  },
  BrakeSummary: SUMMARY,
  BrakePage: { items: [SUMMARY], nextCursor: null },
  Brake: {
    ...SUMMARY,
    roles: [
      { role: 'arn:aws:iam::111122223333:role/billing', state: 'applied', cause: null, at: AT },
      {
        role: 'arn:aws:iam::444455556666:role/partner',
        state: 'failed',
        cause: 'RoleOutsideAccount',
        at: AT,
      },
    ],
  },
};
