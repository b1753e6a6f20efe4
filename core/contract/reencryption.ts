// SPDX-License-Identifier: Apache-2.0
// Bodies of the API about sources of ciphertexts, re-encryption, holds and retirement.
import { z } from 'zod';
import { instant, KeyName, page, text, WebhookUrl } from './api.ts';
import { Reason } from './approvals.ts';
import { COPY_KINDS, OPERATION_STATES, RETIREMENT_CONDITIONS } from './vocabulary.ts';

/** More shards than that are more workers than a key store's quota feeds. */
const MAX_SHARDS = 64;

const arn = (service: string, resource: string) =>
  z
    .string()
    .max(2048)
    .regex(
      new RegExp(`^arn:aws(-[a-z]+)*:${service}:${resource}$`),
      `must be the ARN of a ${service} resource`,
    );
const bucket = arn('s3', '::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]');
const prefix = z.string().max(1024).default('');
const attribute = z.string().min(1).max(255);
const metadata = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,128}$/, 'must be a metadata name without x-amz-meta-');

const ContextValue = z.union([
  z.strictObject({ attribute }),
  z.strictObject({ value: z.string().max(1024) }),
]);

export const SourceLocation = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('dynamodb'),
      tableArn: arn('dynamodb', '[a-z0-9-]+:\\d{12}:table/[A-Za-z0-9_.-]{3,255}'),
      ciphertextAttributes: z.array(attribute).min(1).max(10),
      context: z.record(z.string().min(1).max(128), ContextValue).default({}),
    }),
    z
      .strictObject({ kind: z.literal('data-keys') })
      .describe('the data keys that this key wraps; registered by itself with the first of them'),
    z.strictObject({ kind: z.literal('s3-objects'), bucketArn: bucket, prefix }),
    z.strictObject({
      kind: z.literal('s3-envelopes'),
      bucketArn: bucket,
      prefix,
      wrappedKeyMetadata: metadata,
      contextMetadata: metadata.nullable().default(null),
    }),
    z
      .strictObject({ kind: z.literal('webhook'), url: WebhookUrl })
      .describe(
        'an endpoint of the owner that lists and replaces items, as docs/reencryption.md says',
      ),
    z.strictObject({ kind: z.literal('none'), reason: text }),
  ])
  .meta({ id: 'SourceLocation' });

const DeclaredCopy = z.strictObject({
  kind: z.enum(COPY_KINDS),
  retentionDays: z.int().min(0).max(36_500),
});

export const PutSourceRequest = z
  .strictObject({
    location: SourceLocation,
    shards: z.int().min(1).max(MAX_SHARDS).default(4),
    copies: z
      .array(DeclaredCopy)
      .max(16)
      .describe('backups and the like that keep old ciphertexts; an empty list declares none'),
  })
  .meta({ id: 'PutSourceRequest' });

export const Source = z
  .object({
    key: KeyName,
    name: KeyName,
    location: SourceLocation,
    shards: z.int(),
    copies: z.array(DeclaredCopy),
    count: z
      .object({
        operationId: z.string(),
        startedAt: instant,
        endedAt: instant,
        byVersion: z.record(z.string(), z.int().nonnegative()),
        dead: z.int().nonnegative(),
      })
      .nullable()
      .describe('ciphertexts by version, as the last complete pass found them'),
    registeredAt: instant,
    registeredBy: z.string(),
  })
  .meta({ id: 'Source' });
export const SourcePage = page(Source).meta({ id: 'SourcePage' });

export const StartReencryptionRequest = z
  .strictObject({ reason: text.optional() })
  .meta({ id: 'StartReencryptionRequest' });

/** Hours that a revoked version may be open: long enough for a bulk run, short enough to be noticed. */
export const OPEN_HOURS = { least: 1, most: 168 } as const;

export const OpenVersionRequest = z
  .strictObject({
    hours: z.int().min(OPEN_HOURS.least).max(OPEN_HOURS.most).describe('from the execution on'),
    reason: Reason,
  })
  .meta({ id: 'OpenVersionRequest' });

const SourceProgress = z.object({
  source: KeyName,
  items: z.int().nonnegative(),
  expected: z.int().nonnegative().nullable(),
  rewritten: z.int().nonnegative(),
  changed: z.int().nonnegative().describe('written by somebody else meanwhile; looked at again'),
  dead: z.int().nonnegative(),
  byVersion: z.record(z.string(), z.int().nonnegative()),
  shardsDone: z.int().nonnegative(),
  shards: z.int().positive(),
});

export const Reencryption = z
  .object({
    key: KeyName,
    state: z.enum(['idle', 'due', 'running', 'parked']),
    isAutomatic: z.boolean(),
    operationId: z.string().nullable(),
    operationState: z.enum(OPERATION_STATES).nullable(),
    cause: z.string().nullable(),
    pass: z.int().nonnegative(),
    itemsPerSecond: z.number().nullable(),
    secondsLeft: z.int().nonnegative().nullable().describe('of this pass; null: not known'),
    sources: z.array(SourceProgress),
    deadItems: z.array(
      z.object({ source: z.string(), id: z.string(), cause: z.string(), at: instant }),
    ),
  })
  .meta({ id: 'Reencryption' });

export const PutHoldRequest = z
  .strictObject({ reason: text, until: instant.nullable().default(null) })
  .meta({ id: 'PutHoldRequest' });
export const Hold = z
  .object({
    key: KeyName,
    name: KeyName,
    reason: z.string(),
    until: instant.nullable(),
    placedAt: instant,
    placedBy: z.string(),
  })
  .meta({ id: 'Hold' });
export const HoldPage = page(Hold).meta({ id: 'HoldPage' });

export const Retirement = z
  .object({
    version: z.int().positive(),
    isReady: z.boolean(),
    conditions: z.array(
      z.object({ name: z.enum(RETIREMENT_CONDITIONS), isMet: z.boolean(), found: z.string() }),
    ),
    evidence: z
      .object({
        at: instant,
        object: z.string(),
        digest: z.string(),
        lastUseAt: instant.nullable().optional().describe('the last use that it was judged on'),
      })
      .nullable(),
    judgedAt: instant,
  })
  .meta({ id: 'Retirement' });
