// SPDX-License-Identifier: Apache-2.0
// Rights for a while: what is asked for, and what is in force.
import { z } from 'zod';
import { instant } from './api.ts';
import { ApprovalId, Reason } from './approvals.ts';

/** Half a minute is for trying it out; a working day is the most. */
const Seconds = z
  .int()
  .min(30)
  .max(8 * 3600);

export const ElevationId = z
  .string()
  .regex(/^elv_[0-9A-HJKMNP-TV-Z]{26}$/)
  .meta({ id: 'ElevationId' });

export const RequestElevationRequest = z
  .strictObject({
    group: z
      .string()
      .regex(/^[\w-]{1,64}$/, 'must be the immutable id of a group')
      .describe('immutable id of the group whose rights are asked for'),
    seconds: Seconds.default(3600).describe('how long, from the moment it is granted'),
    reason: Reason,
  })
  .meta({ id: 'RequestElevationRequest' });

export const Elevation = z
  .object({
    id: ElevationId,
    person: z.string().describe('immutable id'),
    name: z.string(),
    group: z.string(),
    reason: z.string().nullable(),
    approvalId: ApprovalId,
    grantedAt: instant,
    until: instant,
    revokedAt: instant.nullable(),
    revokedBy: z.string().nullable(),
    isActive: z.boolean(),
  })
  .meta({ id: 'Elevation' });

export const ElevationPage = z
  .object({ items: z.array(Elevation), nextCursor: z.string().nullable() })
  .meta({ id: 'ElevationPage' });
