// SPDX-License-Identifier: Apache-2.0
// Who approves what. The first rule that matches decides; what no rule names nobody can approve. A change here is a
// change of policy: it goes through review like code.
import type { ApprovalRule } from '#core/policies/approval-rules.ts';

/** Seconds. */
const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;

const CUSTODIANS = [{ group: 'grp_custodians', required: 0 }];
const OFFICE = {
  timeZone: 'UTC',
  weekdays: [1, 2, 3, 4, 5],
  from: '07:00',
  to: '19:00',
};

export const APPROVAL_RULES: readonly ApprovalRule[] = [
  {
    name: 'what-changes-who-decides',
    actions: ['policy.change', 'quorum.change'],
    required: 3,
    groups: CUSTODIANS,
    signed: true,
    slack: false,
    windowSeconds: 2 * DAY,
    executionSeconds: HOUR,
    deputies: 'grp_operators',
  },
  {
    name: 'keys-of-custodians',
    actions: ['signer.enroll'],
    required: 2,
    groups: CUSTODIANS,
    signed: false,
    slack: false,
    windowSeconds: 2 * DAY,
    executionSeconds: HOUR,
  },
  {
    name: 'what-cannot-be-undone',
    actions: ['scope.revoke', 'version.destroy', 'key.recover', 'escrow.recover', 'escrow.reshare'],
    groups: CUSTODIANS,
    signed: true,
    slack: false,
    windowSeconds: 2 * DAY,
    executionSeconds: HOUR,
    deputies: 'grp_operators',
  },
  {
    name: 'key-stores',
    actions: ['key-store.recover', 'key-store.disconnect'],
    required: 3,
    groups: CUSTODIANS,
    signed: true,
    slack: false,
    windowSeconds: DAY,
    executionSeconds: HOUR,
    deputies: 'grp_operators',
  },
  {
    // Denies what many depend on, and lets go of what was stopped for a reason: neither by one.
    name: 'mass-brakes',
    actions: ['brake.apply', 'brake.lift'],
    required: 2,
    groups: CUSTODIANS,
    signed: true,
    slack: false,
    windowSeconds: DAY,
    executionSeconds: HOUR,
    deputies: 'grp_operators',
  },
  {
    name: 'short-rights',
    actions: ['elevation.grant', 'break-glass.review'],
    required: 2,
    groups: CUSTODIANS,
    signed: false,
    slack: false,
    windowSeconds: DAY,
    executionSeconds: HOUR,
  },
  {
    // Where keys protect payments, people who are asked at night are more.
    name: 'payments-by-day',
    actions: [
      'rotation.force',
      'key.release',
      'version.retire',
      'version.open',
      'key.revoke',
      'key.lift-suspension',
      'scope.lift',
    ],
    classes: ['payment-critical'],
    groups: CUSTODIANS,
    afterHours: { ...OFFICE, additional: 1 },
    signed: true,
    slack: false,
    windowSeconds: DAY,
    executionSeconds: HOUR,
    deputies: 'grp_operators',
  },
  {
    name: 'daily-work',
    actions: [
      'rotation.force',
      'key.release',
      'version.retire',
      'version.open',
      'key.revoke',
      'key.lift-suspension',
      'scope.lift',
    ],
    groups: CUSTODIANS,
    signed: false,
    slack: true,
    windowSeconds: DAY,
    executionSeconds: 15 * MINUTE,
    deputies: 'grp_operators',
  },
];
