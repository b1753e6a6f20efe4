// SPDX-License-Identifier: Apache-2.0
// Drills as the API takes and shows them: the recovery of a key store, exercised on a cluster of its own.
import { z } from 'zod';
import { instant, KeyName } from './api.ts';

/** In the order in which they follow each other. From any of them a drill that fails goes on with `remove`. */
export const DRILL_PHASES = [
  'find-backup',
  'create-cluster',
  'start-hsm',
  'list-keys',
  'remove',
  'await-custodians',
  'done',
] as const;
export type DrillPhase = (typeof DRILL_PHASES)[number];

export const DRILL_STATES = ['running', 'passed', 'failed'] as const;
export type DrillState = (typeof DRILL_STATES)[number];

/** Numbered through for a stage: of two that are begun at once, one is refused. */
export const DrillId = z
  .string()
  .regex(/^drl_\d{4,12}$/, 'must be the id of a drill, as drl_0001')
  .meta({ id: 'DrillId' });

/** Keys that HSMs of the largest type hold, with room to spare (`hsm-capacity.ts`). */
const MOST_LABELS = 20_000;

export const ReportDrillKeysRequest = z
  .strictObject({
    labels: z
      .array(z.string().max(256))
      .max(MOST_LABELS)
      .describe('labels of all keys in the restored HSM, as an HSM administrator lists them'),
  })
  .meta({ id: 'ReportDrillKeysRequest' });

const VersionOfDrill = z.object({
  key: KeyName,
  version: z.int().positive(),
  keyId: z.string(),
});

export const Drill = z
  .object({
    id: DrillId,
    keyStore: z.string(),
    state: z.enum(DRILL_STATES),
    phase: z.enum(DRILL_PHASES),
    causes: z.array(z.string()).describe('why it fails; none: it passes, or may still'),
    startedBy: z.string(),
    startedAt: instant,
    endedAt: instant.nullable(),
    sourceClusterId: z.string(),
    backupId: z.string().nullable(),
    backupAt: instant.nullable(),
    clusterIds: z.array(z.string()).describe('clusters that were made for it; all are removed'),
    phases: z.array(
      z.object({
        name: z.enum(DRILL_PHASES),
        startedAt: instant,
        endedAt: instant.nullable(),
        seconds: z.number().nullable(),
      }),
    ),
    removalRefusal: z
      .string()
      .nullable()
      .describe('why CloudHSM refused to end something of it, while that is still there'),
    restoreSeconds: z.number().nullable().describe('from its start to an HSM that works'),
    quorumSeconds: z
      .number()
      .nullable()
      .describe('from its start to the answer that made a quorum'),
    recoverySeconds: z
      .number()
      .nullable()
      .describe('the RTO that was measured: until keys were listed and a quorum had answered'),
    keys: z
      .object({
        listed: z.int(),
        expected: z.int().describe('versions whose material was there before the backup'),
        found: z.int(),
        missingCount: z.int(),
        missing: z.array(VersionOfDrill).describe('the first of them'),
        lingeringCount: z.int(),
        lingering: z
          .array(VersionOfDrill)
          .describe('destroyed, and still in the backup: the first of them'),
        unknown: z.int().describe('labels that no version of the record has'),
        reportedBy: z.string(),
        reportedAt: instant,
      })
      .nullable(),
    custodians: z.object({
      required: z.int().describe('signatures that a recovery of the key store takes'),
      answered: z.int(),
      isQuorumReached: z.boolean(),
      answerUntil: instant,
      items: z.array(
        z.object({
          user: z.string(),
          toldAt: instant.nullable().describe('by mail; null: not told, or no mail here'),
          answeredAt: instant.nullable(),
          answerSeconds: z.number().nullable(),
        }),
      ),
    }),
  })
  .meta({ id: 'Drill' });

export const DrillPage = z
  .object({ items: z.array(Drill), nextCursor: z.string().nullable() })
  .meta({ id: 'DrillPage' });
