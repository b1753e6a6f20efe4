// SPDX-License-Identifier: Apache-2.0
// Bodies of the report on a KMS key that Keyturn did not make, of taking it over, and of letting one go.
import { z } from 'zod';
import { AccessEntry, ApplicationName, HostName, instant, KeyName, text } from './api.ts';
import { ENVIRONMENTS, ORIGINS } from './vocabulary.ts';

const kmsKey = z
  .string()
  .regex(
    /^[\w/:+=,.@-]{1,2048}$/,
    'must be the id, the ARN or an alias of a KMS key of this account and Region',
  );

/** What a request for an adoption asks for; the other members follow from it. */
export const AdoptionMode = z.looseObject({ mode: z.enum(['report', 'adopt']).default('report') });

export const ReportRequest = z
  .strictObject({
    kmsKey,
    mode: z.literal('report').default('report').describe('look, change nothing'),
  })
  .meta({ id: 'ReportRequest' });

export const AdoptKeyRequest = z
  .strictObject({
    kmsKey,
    mode: z.literal('adopt').describe('take the key over; answers 202 with an operation'),
    name: KeyName,
    class: z.string().min(1).max(63),
    owner: text,
    purpose: text,
    environment: z.enum(ENVIRONMENTS),
    application: ApplicationName.optional(),
    host: HostName.optional(),
    origin: z
      .enum(ORIGINS)
      .optional()
      .describe('of its next versions: AWS_CLOUDHSM (default), or the one that it has'),
    access: z
      .array(AccessEntry)
      .max(32)
      .optional()
      .describe('who may use it; by default the roles that its policy names'),
    aliases: z
      .array(z.string().regex(/^alias\/(?!aws\/)[\w/-]{1,250}$/, 'must be an alias of the key'))
      .max(10)
      .default([])
      .describe('aliases of the key that move along when it is rotated'),
    accept: z
      .array(z.string().min(1).max(512))
      .max(64)
      .default([])
      .describe('what may be lost, as the findings of the report name it in `accept`'),
  })
  .meta({ id: 'AdoptKeyRequest' });

export const AdoptionRequest = z
  .union([ReportRequest, AdoptKeyRequest])
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
      z.object({
        code: z.string(),
        weight: z.enum(['blocks', 'warns']),
        detail: z.string(),
        accept: z
          .string()
          .nullable()
          .describe('what an adoption has to accept by name, because somebody may lose by it'),
      }),
    ),
    isAdoptable: z.boolean().describe('nothing blocks it'),
  })
  .meta({ id: 'AdoptionReport' });
export type AdoptionReport = z.infer<typeof AdoptionReport>;
