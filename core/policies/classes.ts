// SPDX-License-Identifier: Apache-2.0
// A class is a bundle of policy for many keys: cryptoperiods and the quorum for what is dangerous. Classes are data
// (`policies/classes.ts` holds the seeded ones); this file says what a valid one is and computes due dates.
import { z } from 'zod';
import type { Instant } from '../keys/records.ts';

const DAY_MS = 86_400_000;

export const ClassPolicy = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
  /** Originator-usage period: how long a version may protect new data (SP 800-57 part 1 §5.3). */
  rotationDays: z.int().min(1).max(3650),
  /** How long an old version stays readable after it was replaced (recipient-usage period). */
  retentionDays: z.int().min(0).max(36_500),
  quorum: z
    .strictObject({ required: z.int().min(1), of: z.int().min(1) })
    .refine((quorum) => quorum.required <= quorum.of, 'required must not exceed of'),
});
export type ClassPolicy = z.infer<typeof ClassPolicy>;

/** When a version activated at `activatedAt` is due to be replaced. */
export function nextRotationAt(policy: ClassPolicy, activatedAt: Instant): Instant {
  return new Date(Date.parse(activatedAt) + policy.rotationDays * DAY_MS).toISOString();
}
