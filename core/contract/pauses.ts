// SPDX-License-Identifier: Apache-2.0
// The pause of a stage, as the API takes and shows it.
import { z } from 'zod';
import { instant, KeyName } from './api.ts';
import { Reason } from './approvals.ts';

export const PauseId = z
  .string()
  .regex(/^pause-[1-9][0-9]{0,8}$/, 'must be the id of a pause')
  .meta({ id: 'PauseId' });

export const StartPauseRequest = z
  .strictObject({
    reason: Reason,
    hours: z.int().min(1).max(72).describe('it ends by itself after so many'),
  })
  .meta({ id: 'StartPauseRequest' });

export const Pause = z
  .object({
    id: PauseId,
    reason: Reason,
    by: z.string(),
    startedAt: instant,
    until: instant,
    endedAt: instant.nullable(),
    endedBy: z.string().nullable(),
    isActive: z.boolean().describe('nothing that changes keys begins by schedule now'),
    deletionsAtKms: z
      .array(z.object({ key: KeyName, version: z.int().positive(), deletionAt: instant }))
      .max(100)
      .describe('what KMS deletes by itself, pause or not, unless each is cancelled'),
  })
  .meta({ id: 'Pause' });

export const PausePage = z
  .object({ items: z.array(Pause).max(1), nextCursor: z.string().nullable() })
  .meta({ id: 'PausePage' });
