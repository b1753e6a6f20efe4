// SPDX-License-Identifier: Apache-2.0
// Request and response bodies of the `/v1` API: the functions validate with them, the CLI types itself by them,
// and `openapi.ts` renders them. Members are added, never renamed (`docs/architecture.md`).
import { z } from 'zod';
import {
  CONTAINMENT_KINDS,
  CONTAINMENT_MODES,
  ENVIRONMENTS,
  KEY_SPECS,
  KEY_STATES,
  KEY_USAGES,
  OPERATION_KINDS,
  OPERATION_STATES,
  ORIGINS,
  RIGHTS,
  STAGES,
  TIERS,
} from './vocabulary.ts';

/** KMS Encrypt takes at most 4,096 bytes (AWS KMS API reference, Encrypt), which is 5,464 base64 characters. */
const MAX_PLAINTEXT_BASE64 = 5464;
/** KMS Decrypt takes at most 6,144 bytes of ciphertext, which is 8,192 base64 characters. */
const MAX_CIPHERTEXT_BASE64 = 8192;
/** Our own bound on free text that is stored and shown. */
const MAX_TEXT = 256;
/** Control and bidirectional-override characters could disguise what is shown to people. */
const PLAIN_TEXT = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*$/u;

/** Plain text of people, stored and shown. */
export const text = z
  .string()
  .min(1)
  .max(MAX_TEXT)
  // Not `regex`: the pattern uses Unicode properties, which many readers of the OpenAPI document do not know.
  .refine((value) => PLAIN_TEXT.test(value), 'must not contain control or formatting characters')
  .refine((value) => value.trim() === value, 'must not begin or end with a space')
  .describe('plain text on one line, without control or formatting characters');
/** An instant, RFC 3339 UTC. */
export const instant = z.iso.datetime({ offset: false }).describe('RFC 3339 UTC');
const base64 = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(
      /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
      'must be standard base64',
    );

/** Name of a managed key: the logical name consumers know. */
export const KeyName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'must match ^[a-z][a-z0-9-]{0,62}$')
  .meta({ id: 'KeyName', example: 'orders' });

/** Name of an application or a host: a DNS name (RFC 1123 §2.1), in lower case. */
const placeName = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/,
    'must be a DNS name in lower case',
  );
export const ApplicationName = placeName.describe('application that uses the key');
export const HostName = placeName.describe('host on which the key is used');

/**
 * ARN of the IAM role that uses a key. Without a path: API Gateway names the caller by the session's ARN, which has
 * none, so a role with a path could never be recognised.
 */
export const RoleArn = z
  .string()
  .max(2048)
  .regex(
    /^arn:aws(-[a-z]+)*:iam::\d{12}:role\/[\w+=,.@-]{1,64}$/,
    'must be the ARN of an IAM role without a path',
  );

/** Encryption context: at most 16 string pairs (our bound; KMS allows 8,192 characters in all). */
export const EncryptionContext = z
  .record(z.string().min(1).max(128), z.string().max(1024))
  .refine((value) => Object.keys(value).length <= 16, 'must have at most 16 pairs')
  .refine((value) => Object.keys(value).every((key) => !key.startsWith('keyturn:')), {
    message: 'names beginning with keyturn: are reserved',
  });

export const AccessEntry = z
  .strictObject({ principal: RoleArn, rights: z.array(z.enum(RIGHTS)).min(1).max(2) })
  .meta({ id: 'AccessEntry' });

export const CreateKeyRequest = z
  .strictObject({
    name: KeyName,
    class: z.string().min(1).max(63),
    owner: text,
    purpose: text,
    environment: z.enum(ENVIRONMENTS),
    tier: z.enum(TIERS).default('kms'),
    origin: z
      .enum(ORIGINS)
      .optional()
      .describe('of tier kms: where its material comes from; by default the CloudHSM key store'),
    keySpec: z
      .enum(KEY_SPECS)
      .optional()
      .describe('of origin AWS_KMS: what KMS makes; by default SYMMETRIC_DEFAULT, which encrypts'),
    escrow: z
      .strictObject({
        required: z.int().min(2).max(255),
        custodians: z.array(z.string().max(128)).min(2).max(255),
      })
      .optional()
      .describe('of origin EXTERNAL: who holds its material; by default the quorum of its class'),
    parent: KeyName.optional().describe(
      'of tier data: the key of tier kms that wraps it; by default the one that the class names',
    ),
    access: z.array(AccessEntry).max(32).default([]),
    application: ApplicationName.optional(),
    host: HostName.optional(),
  })
  .meta({ id: 'CreateKeyRequest' });

export const UpdateKeyRequest = z
  .strictObject({
    nextRotationAt: instant.optional().describe('alone'),
    application: ApplicationName.nullable().optional(),
    host: HostName.nullable().optional(),
  })
  .refine(
    ({ nextRotationAt, application, host }) =>
      (nextRotationAt === undefined) !== (application === undefined && host === undefined),
    'must have nextRotationAt alone, or application, host or both',
  )
  .meta({ id: 'UpdateKeyRequest' });

export const StartRotationRequest = z
  .strictObject({
    reason: text.optional(),
    planDigest: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be the digest of a plan')
      .optional()
      .describe('refused with PlanStale when a plan of now would have another digest'),
  })
  .meta({ id: 'StartRotationRequest' });

export const EncryptRequest = z
  .strictObject({
    plaintext: base64(MAX_PLAINTEXT_BASE64),
    context: EncryptionContext.optional(),
  })
  .meta({ id: 'EncryptRequest' });
export const EncryptResponse = z
  .object({ ciphertext: z.string(), version: z.int().positive() })
  .meta({ id: 'EncryptResponse' });

export const DecryptRequest = z
  .strictObject({
    ciphertext: base64(MAX_CIPHERTEXT_BASE64),
    context: EncryptionContext.optional(),
  })
  .meta({ id: 'DecryptRequest' });
export const DecryptResponse = z
  .object({ plaintext: z.string(), version: z.int().positive() })
  .meta({ id: 'DecryptResponse' });

export const DataKeyRequest = z
  .strictObject({ version: z.int().positive().optional() })
  .meta({ id: 'DataKeyRequest' });
export const DataKey = z
  .object({
    wrappedKey: z.string().describe('ciphertext of KMS, base64: Decrypt under keyArn opens it'),
    version: z.int().positive(),
    keyId: z.string(),
    keyArn: z.string(),
    context: z.record(z.string(), z.string()).describe('encryption context that Decrypt needs'),
  })
  .meta({ id: 'DataKey' });

/** What stops a key or a version. */
export const Containment = z
  .object({
    kind: z.enum(CONTAINMENT_KINDS),
    mode: z.enum(CONTAINMENT_MODES),
    state: z.enum(['revoking', 'revoked', 'suspending', 'suspended']),
    operationId: z.string(),
    reason: z.string(),
    by: z.string(),
    at: instant,
    occurredAt: instant.nullable(),
    confirmedAt: instant.nullable().describe('when KMS was seen to refuse, again and again'),
    isReviewOpen: z.boolean().describe('somebody acted alone, and no quorum has looked at it yet'),
    openUntil: instant
      .nullable()
      .optional()
      .describe('of a version: the role of re-encryption alone may read it until then'),
  })
  .meta({ id: 'Containment' });

export const Key = z
  .object({
    name: KeyName,
    class: z.string(),
    owner: z.string(),
    purpose: z.string(),
    environment: z.enum(ENVIRONMENTS),
    tier: z.enum(TIERS),
    origin: z.enum(ORIGINS).nullable().optional().describe('null for tier data'),
    keySpec: z.enum(KEY_SPECS).nullable().optional().describe('null for tier data'),
    usage: z.enum(KEY_USAGES).nullable().optional().describe('null for tier data'),
    parent: z.string().nullable().describe('of tier data: the key that wraps it'),
    application: z.string().nullable().optional().describe('application that uses it'),
    host: z.string().nullable().optional().describe('host on which it is used'),
    state: z.enum(KEY_STATES),
    substate: z.string().nullable(),
    currentVersion: z.int().positive().nullable(),
    alias: z.string().nullable().describe('null for tier data: its versions are no KMS keys'),
    location: z.object({ account: z.string(), region: z.string(), keyStore: z.string() }),
    access: z.array(AccessEntry),
    legacyAliases: z
      .array(z.string())
      .optional()
      .describe('aliases from before its adoption, which move with its own'),
    operationId: z.string().nullable().describe('the operation that holds the key now'),
    nextRotationAt: instant.nullable(),
    lastRotatedAt: instant.nullable(),
    createdAt: instant,
    releasedAt: instant.nullable().optional().describe('Keyturn has let go of it'),
    containment: Containment.nullable().optional().describe('it may not be used'),
    revision: z.int().nonnegative(),
  })
  .meta({ id: 'Key' });

export const Version = z
  .object({
    version: z.int().positive(),
    state: z.enum(KEY_STATES),
    substate: z.string().nullable(),
    keyId: z.string().nullable(),
    keyArn: z.string().nullable(),
    alias: z.string().nullable(),
    wrappedBy: z
      .object({ key: KeyName, version: z.int().positive(), keyId: z.string() })
      .nullable()
      .describe('of tier data: the version of the parent that wraps it now'),
    isInPlace: z
      .boolean()
      .optional()
      .describe('it is new material of the KMS key of the version before, which opens both'),
    materialExpiresAt: instant.nullable().optional().describe('when KMS forgets imported material'),
    operationId: z.string(),
    createdAt: instant,
    activatedAt: instant.nullable(),
    deactivatedAt: instant.nullable(),
    retirement: z
      .object({
        at: instant,
        object: z.string(),
        digest: z.string(),
        lastUseAt: instant.nullable().optional().describe('the last use that it was judged on'),
      })
      .nullable()
      .describe('evidence that the version is ready to be destroyed'),
    containment: Containment.nullable().optional().describe('it may not be used'),
  })
  .meta({ id: 'Version' });

export const Operation = z
  .object({
    id: z.string(),
    kind: z.enum(OPERATION_KINDS),
    key: z.string().nullable(),
    version: z.int().positive().nullable(),
    state: z.enum(OPERATION_STATES),
    step: z.string(),
    cause: z.string().nullable(),
    attempt: z.int().positive(),
    batchId: z.string().nullable().optional().describe('execution that it shares with others'),
    trigger: z.string(),
    requestedBy: z.string(),
    reason: z.string().nullable(),
    planDigest: z.string().nullable().optional().describe('of the plan it was held to'),
    startedAt: instant,
    endedAt: instant.nullable(),
    retryAt: instant.nullable(),
    timeline: z.array(z.object({ step: z.string(), at: instant })),
  })
  .meta({ id: 'Operation' });

export const Accepted = z.object({ operationId: z.string() }).meta({ id: 'Accepted' });

export const AuditRecord = z
  .object({
    stream: z.string(),
    sequence: z.int().positive(),
    at: instant,
    actor: z.string(),
    action: z.string(),
    decision: z.object({ effect: z.enum(['permit', 'forbid']), rule: z.string() }),
    operationId: z.string().nullable(),
    detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    previousHash: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'AuditRecord' });

/** A page of a collection; `nextCursor` is null on the last one. */
export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });
export const KeyPage = page(Key).meta({ id: 'KeyPage' });
export const VersionPage = page(Version).meta({ id: 'VersionPage' });
export const AuditPage = z
  .object({
    items: z.array(AuditRecord),
    nextCursor: z.string().nullable(),
    head: z.object({ sequence: z.int().nonnegative(), hash: z.string() }),
  })
  .meta({ id: 'AuditPage' });

export const KeyUse = z
  .object({
    version: z.int().positive(),
    principal: z.string(),
    encrypts: z
      .int()
      .nonnegative()
      .describe('calls that protect, signatures too; an upper bound: a delivery can repeat'),
    decrypts: z.int().nonnegative().describe('calls that process, verifications too'),
    refusals: z.int().nonnegative(),
    lastEncryptAt: instant.nullable(),
    lastDecryptAt: instant.nullable(),
  })
  .meta({ id: 'KeyUse' });
export const UsagePage = page(KeyUse).meta({ id: 'UsagePage' });

export const CalendarEntry = z
  .object({
    key: KeyName,
    class: z.string(),
    owner: z.string(),
    dueAt: instant.describe('when the sweep may begin its rotation'),
    because: z.string().nullable().describe('why before its period ends; null: by its period'),
  })
  .meta({ id: 'CalendarEntry' });
export const CalendarPage = z
  .object({
    items: z.array(CalendarEntry),
    nextCursor: z.string().nullable(),
    crowded: z
      .array(z.object({ hour: instant, class: z.string(), due: z.int(), limit: z.int() }))
      .describe('hours in which more of a class is due than may begin'),
  })
  .meta({ id: 'CalendarPage' });

export const CreateKeyStoreRequest = z
  .strictObject({ name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/) })
  .meta({ id: 'CreateKeyStoreRequest' });
export const KeyStore = z
  .object({
    name: z.string(),
    state: z.enum(OPERATION_STATES),
    step: z.string(),
    cause: z.string().nullable(),
    keyStoreId: z.string().nullable(),
    clusterId: z.string().nullable(),
    operationId: z.string(),
  })
  .meta({ id: 'KeyStore' });
export const Health = z
  .object({
    status: z.enum(['ok', 'degraded']),
    stage: z.enum(STAGES),
    version: z.string(),
    isPaused: z
      .boolean()
      .nullish()
      .describe('nothing that changes keys begins by schedule; null: unknown while degraded'),
  })
  .meta({ id: 'Health' });

export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string(),
    retryable: z.boolean(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })),
    operationId: z.string().optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' });

/** Our own bound on an address; what it may point at is judged when it is called. */
export const WebhookUrl = z
  .url({ protocol: /^https?$/ })
  .max(1024)
  .refine((value) => !/[\s@#]/.test(value), 'must not hold credentials, a fragment or spaces')
  .describe('https; http only to this machine on the local stage');
