// SPDX-License-Identifier: Apache-2.0
// Who may stop keys alone, and how. A change here is a change of policy: it goes through review like code.
import type { ContainmentRules } from '#core/policies/containment-rules.ts';

export const CONTAINMENT_RULES: ContainmentRules = {
  rules: [
    {
      // To stop payments for good is as grave as what it is meant against: people decide, or it is an emergency.
      name: 'payments-stop-by-quorum',
      classes: ['payment-critical'],
      alone: ['suspension'],
      modes: { suspension: 'hard', revocation: 'hard' },
      maxPerHour: 20,
    },
    {
      name: 'operators-stop-keys',
      alone: ['suspension', 'revocation'],
      // What is locked can still be re-encrypted under a successor.
      modes: { suspension: 'hard', revocation: 'locked' },
      maxPerHour: 100,
    },
  ],
  scopes: {
    name: 'scopes-within-the-cap',
    maxKeysPerHour: 100,
    classOrder: ['payment-critical', 'internal-data'],
  },
  protectedKeys: [],
};
