// SPDX-License-Identifier: Apache-2.0
// Recoveries of a key store as the API shows them.
import { z } from 'zod';
import { instant, KeyName } from './api.ts';
import { ActAccepted, ApprovalId, Reason } from './approvals.ts';
import { OPERATION_STATES } from './vocabulary.ts';

/**
 * `reconnect`: the material is there, the connection is not. `restore`: the material is lost, a backup is not.
 * `disconnect` is the kill switch: no key of the key store is used until it is reconnected.
 */
export const RECOVERY_KINDS = [
  'key-store.reconnect',
  'key-store.restore',
  'key-store.disconnect',
] as const;
export type RecoveryKind = (typeof RECOVERY_KINDS)[number];

/** In the order in which they follow each other; a failed connection goes back to what it lacks. */
export const RECOVERY_PHASES = [
  'diagnose',
  'create-cluster',
  'start-hsms',
  'reset-kmsuser',
  'disconnect',
  'repoint',
  'connect',
  'survey',
  'done',
] as const;
export type RecoveryPhase = (typeof RECOVERY_PHASES)[number];

const BackupId = z
  .string()
  .regex(/^backup-[2-7a-zA-Z]{11,16}$/, 'must be the id of a CloudHSM backup');

export const StartRecoveryRequest = z
  .strictObject({
    kind: z.enum(RECOVERY_KINDS),
    backupId: BackupId.optional().describe('of key-store.restore; absent: the newest one'),
    reason: Reason,
    emergency: z
      .boolean()
      .optional()
      .describe(
        'of key-store.disconnect: a person acts at once and alone; everybody is told, and a quorum reviews it',
      ),
  })
  .meta({ id: 'StartRecoveryRequest' });

export const RecoveryAccepted = ActAccepted.extend({
  reviewId: ApprovalId.nullable().describe('the review of an emergency'),
}).meta({ id: 'RecoveryAccepted' });

const UnreadableVersion = z.object({
  key: KeyName,
  version: z.int().positive(),
  keyId: z.string(),
  createdAt: instant,
  isAfterBackup: z.boolean().describe('made after the backup: its material was never in it'),
  why: z.string(),
});

export const Recovery = z
  .object({
    id: z.string(),
    kind: z.enum(RECOVERY_KINDS),
    keyStore: z.string(),
    keyStoreId: z.string(),
    state: z.enum(OPERATION_STATES),
    phase: z.enum(RECOVERY_PHASES),
    cause: z.string().nullable(),
    reason: z.string().nullable(),
    requestedBy: z.string(),
    approvalId: ApprovalId.nullable().describe('null: somebody disconnected it alone'),
    isReviewOpen: z.boolean().describe('somebody acted alone, and no quorum has looked at it yet'),
    attempt: z.int().positive(),
    diagnosis: z
      .object({
        connectionState: z.string(),
        connectionError: z.string().nullable(),
        clusterState: z.string().nullable(),
        activeHsms: z.int(),
      })
      .nullable(),
    sourceClusterId: z.string(),
    clusterId: z.string().nullable(),
    backupId: z.string().nullable(),
    backupAt: instant.nullable(),
    phases: z.array(
      z.object({
        name: z.enum(RECOVERY_PHASES),
        startedAt: instant,
        endedAt: instant.nullable(),
        seconds: z.number().nullable(),
      }),
    ),
    recoverySeconds: z.number().nullable().describe('from the start to the end: the RTO'),
    survey: z.object({
      checked: z.int(),
      readable: z.int(),
      unverified: z.int().describe('without a canary, or closed to the verifier'),
      missingCount: z.int(),
      missing: z.array(UnreadableVersion),
      resurrected: z
        .array(
          z.object({
            key: KeyName,
            version: z.int().positive(),
            keyId: z.string(),
            keyArn: z.string().describe('the label of its objects in the HSMs'),
          }),
        )
        .describe('destroyed after the backup: their material is in the restored HSMs again'),
      resurrectedCount: z.int(),
      isDone: z.boolean(),
    }),
    deletion: z
      .object({ task: z.string(), state: z.enum(['open', 'done']) })
      .nullable()
      .describe('the task of deleting what came back; open until an HSM listing is without it'),
    startedAt: instant,
    endedAt: instant.nullable(),
  })
  .meta({ id: 'Recovery' });

export const RecoveryPage = z
  .object({ items: z.array(Recovery), nextCursor: z.string().nullable() })
  .meta({ id: 'RecoveryPage' });
