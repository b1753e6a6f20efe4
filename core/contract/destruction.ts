// SPDX-License-Identifier: Apache-2.0
// Destruction of a version as the API shows it: asked for by one, decided by several, stopped by one.
import { z } from 'zod';
import { instant, KeyName } from './api.ts';
import { Reason } from './approvals.ts';
import { ObjectListing } from './hsm-tasks.ts';

const DESTRUCTION_PHASE_NAMES = [
  'disabling',
  'quiet',
  'scheduling',
  'pending',
  'stopping',
  'stopped',
  'logical',
  'material',
  'final',
] as const;

export const RequestDestructionRequest = z
  .strictObject({
    version: z.int().positive().describe('the version; the newest of those that are one KMS key'),
    confirm: KeyName.describe('the name of the key once more'),
    acceptLoss: z
      .boolean()
      .default(false)
      .describe('people are asked to accept that counted or uncounted ciphertexts are lost'),
    reason: Reason,
  })
  .meta({ id: 'RequestDestructionRequest' });

export const StopDestructionRequest = z
  .strictObject({ reason: Reason.optional() })
  .meta({ id: 'StopDestructionRequest' });

export const ReportMaterialRequest = z
  .strictObject({
    clusterId: z
      .string()
      .regex(/^cluster-[2-7a-zA-Z]{11,16}$/, 'must be the id of a CloudHSM cluster'),
    ...ObjectListing.shape,
    objectsFound: z.int().nonnegative().describe('objects labelled with the ARN of the KMS key'),
  })
  .meta({ id: 'ReportMaterialRequest' });

export const Destruction = z
  .object({
    id: z.string(),
    key: KeyName,
    versions: z.array(z.int().positive()),
    phase: z.enum(DESTRUCTION_PHASE_NAMES),
    keyId: z.string().nullable(),
    keyArn: z.string().nullable(),
    approvalId: z.string(),
    requestedBy: z.string(),
    reason: z.string().nullable(),
    begunAt: instant,
    quietUntil: instant.nullable().describe('disabled until then, and any use takes it back'),
    deletionAt: instant.nullable().describe('when KMS deletes it'),
    lossAccepted: z.array(z.string()),
    wrappedKeys: z.int().nonnegative(),
    uses: z.int().nonnegative().describe('uses that were tried since it began'),
    lastUseAt: instant.nullable(),
    stopped: z.object({ by: z.string(), at: instant, reason: z.string() }).nullable(),
    logicalAt: instant.nullable().describe('KMS has no such key'),
    materialAt: instant.nullable().describe('the HSMs have nothing of it'),
    backupsUntil: instant.nullable().describe('when the last backup that can hold it has expired'),
    finalAt: instant.nullable(),
    resurrected: z
      .object({ recovery: z.string(), at: instant, clusterId: z.string(), backupAt: instant })
      .nullable()
      .describe('the last restore that brought its material back into the HSMs'),
    certificate: z.string().nullable().describe('compact JWS, checked with the published JWKS'),
  })
  .meta({ id: 'Destruction' });
