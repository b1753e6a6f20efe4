// SPDX-License-Identifier: Apache-2.0
// Bodies of the report on a KMS key that Keyturn did not make, and of letting one go.
import { z } from 'zod';
import { AccessEntry, instant, text } from './api.ts';

export const AdoptionRequest = z
  .strictObject({
    kmsKey: z
      .string()
      .regex(
        /^[\w/:+=,.@-]{1,2048}$/,
        'must be the id, the ARN or an alias of a KMS key of this account and Region',
      ),
    mode: z.enum(['report']).default('report').describe('report: look, change nothing'),
  })
  .meta({ id: 'AdoptionRequest' });

export const ReleaseKeyRequest = z
  .strictObject({ reason: text.optional() })
  .meta({ id: 'ReleaseKeyRequest' });

export const AdoptionReport = z
  .object({
    keyId: z.string(),
    keyArn: z.string(),
    description: z.string(),
    createdAt: instant,
    state: z.string(),
    origin: z.string(),
    keySpec: z.string(),
    usage: z.string(),
    manager: z.string(),
    isMultiRegion: z.boolean(),
    keyStoreId: z.string().nullable(),
    aliases: z.array(z.string()),
    tags: z.record(z.string(), z.string()),
    grants: z.int().nonnegative().nullable(),
    isRotatedByVault: z.boolean().nullable(),
    lastUsedAt: instant.nullable(),
    managedAs: z.string().nullable().describe('the key of Keyturn that it is a version of already'),
    access: z.array(AccessEntry).describe('roles that its policy names, with their rights'),
    findings: z.array(
      z.object({ code: z.string(), weight: z.enum(['blocks', 'warns']), detail: z.string() }),
    ),
    isAdoptable: z.boolean().describe('nothing blocks it'),
  })
  .meta({ id: 'AdoptionReport' });
export type AdoptionReport = z.infer<typeof AdoptionReport>;
