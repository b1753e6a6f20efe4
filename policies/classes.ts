// SPDX-License-Identifier: Apache-2.0
// The seeded classes. A change here is a change of policy: it goes through review like code.
import type { ClassPolicy } from '#core/policies/classes.ts';

export const CLASSES: readonly ClassPolicy[] = [
  {
    name: 'payment-critical',
    rotationDays: 90,
    retentionDays: 730,
    quorum: { required: 3, of: 5 },
  },
  {
    name: 'internal-data',
    rotationDays: 365,
    retentionDays: 1095,
    quorum: { required: 2, of: 3 },
  },
  { name: 'test', rotationDays: 1, retentionDays: 7, quorum: { required: 2, of: 3 } },
];
