// SPDX-License-Identifier: Apache-2.0
// The seeded classes. A change here is a change of policy: it goes through review like code.
import type { ClassPolicy } from '#core/policies/classes.ts';

/** Seconds. */
const DAY = 86_400;

export const CLASSES: readonly ClassPolicy[] = [
  {
    name: 'payment-critical',
    rotationDays: 90,
    retentionDays: 730,
    quorum: { required: 3, of: 5 },
    noticeDays: [30, 14, 7, 1],
    triggers: { riskThreshold: 70, cooldownHours: 24 },
    acknowledgement: { windowSeconds: 3 * DAY, onDeadline: 'wait-for-force', maxExtensions: 0 },
    reencryption: { automatic: true },
    retirement: { quietDays: 30 },
    destruction: { quietSeconds: 14 * DAY, windowDays: 30 },
  },
  {
    name: 'internal-data',
    rotationDays: 365,
    retentionDays: 1095,
    quorum: { required: 2, of: 3 },
    noticeDays: [30, 7],
    triggers: { riskThreshold: 85, cooldownHours: 24 },
    acknowledgement: { windowSeconds: 3 * DAY, onDeadline: 'extend', maxExtensions: 1 },
    reencryption: { automatic: true },
    retirement: { quietDays: 30 },
    destruction: { quietSeconds: 7 * DAY, windowDays: 30 },
  },
  {
    name: 'test',
    rotationDays: 1,
    retentionDays: 7,
    quorum: { required: 2, of: 3 },
    // No cooldown: what is tried twice in a test is to be seen twice.
    triggers: { riskThreshold: 50, cooldownHours: 0 },
    // Short enough that a person who tries it out sees the reminder and the end of it.
    acknowledgement: { windowSeconds: 30, onDeadline: 'abort', maxExtensions: 0 },
    reencryption: { automatic: false },
    retirement: { quietDays: 0 },
    // The shortest window that KMS takes.
    destruction: { quietSeconds: 5, windowDays: 7 },
  },
];
