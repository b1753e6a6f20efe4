// SPDX-License-Identifier: Apache-2.0
// The record of key use: what Keyturn reads of a KMS call in CloudTrail's shape, delivered by EventBridge. Minutes late
// and at least once; what is not of this shape is nobody's use.
// @see AWS KMS developer guide, "Logging AWS KMS API calls with AWS CloudTrail"
import { z } from 'zod';

/**
 * Calls by which data is protected: what the originator of it does (NIST SP 800-57 part 1, 5.3.4). A signature or a MAC
 * protects as an encryption does.
 */
const PROTECTING_CALLS = [
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateMac',
  'Sign',
] as const;
/** Calls by which its recipient processes it. */
const PROCESSING_CALLS = ['Decrypt', 'DeriveSharedSecret', 'Verify', 'VerifyMac'] as const;

/** Calls by which data is protected and processed. `ReEncrypt` is both, each under its own key. */
export const KEY_USE_CALLS = [...PROTECTING_CALLS, ...PROCESSING_CALLS, 'ReEncrypt'] as const;
const PROCESSING: ReadonlySet<string> = new Set(PROCESSING_CALLS);

const Detail = z.object({
  eventID: z.string().min(1).max(100),
  eventName: z.enum(KEY_USE_CALLS),
  eventTime: z.iso.datetime(),
  errorCode: z.string().max(100).optional(),
  recipientAccountId: z.string(),
  userIdentity: z.object({
    arn: z.string().max(2048).optional(),
    sessionContext: z
      .object({ sessionIssuer: z.object({ arn: z.string().max(2048) }).optional() })
      .optional(),
  }),
  requestParameters: z
    .object({
      destinationKeyId: z.string().optional(),
      // Of another shape it names no data key; the use itself counts all the same.
      encryptionContext: z.record(z.string(), z.string()).nullish().catch(null),
    })
    .nullish(),
  resources: z.array(z.object({ ARN: z.string().max(2048) })).optional(),
});
const Event = z.object({ source: z.literal('aws.kms'), account: z.string(), detail: Detail });

/** One use of one KMS key. */
export interface KeyUse {
  readonly keyId: string;
  /** ARN of the role behind a session, else of the caller. */
  readonly principal: string;
  /** `encrypt`: protects, by a signature or a MAC too; `decrypt`: processes, so verifies too. */
  readonly act: 'encrypt' | 'decrypt';
  readonly outcome: 'allowed' | 'refused';
  readonly at: string;
  /** Encryption context of a call that opened something: a data key names itself there. Absent: none. */
  readonly context?: Readonly<Record<string, string>>;
}

/** KMS opens nothing under another context than it was closed under, so an allowed call told the truth. */
function contextOf({ eventName, requestParameters }: z.infer<typeof Detail>) {
  const context = requestParameters?.encryptionContext;
  return eventName === 'Decrypt' && context ? { context } : {};
}

const keyIdOf = (arn: string) => /:key\/([\w-]{1,128})$/.exec(arn)?.[1] ?? null;

function actsOf(
  { eventName, requestParameters }: z.infer<typeof Detail>,
  keyIds: readonly string[],
): readonly { keyId: string; act: KeyUse['act'] }[] {
  if (eventName !== 'ReEncrypt') {
    const act = PROCESSING.has(eventName) ? 'decrypt' : 'encrypt';
    return keyIds.slice(0, 1).map((keyId) => ({ keyId, act }));
  }
  const named = requestParameters?.destinationKeyId;
  const destination = keyIds.find((keyId) => named?.endsWith(keyId)) ?? keyIds.at(-1);
  return keyIds.map((keyId) => ({
    keyId,
    act: keyId === destination && keyIds.length > 1 ? 'encrypt' : 'decrypt',
  }));
}

/**
 * Reads the uses in one EventBridge event.
 * @returns none for events of another account, shape or kind: a forged one can at most add to a count
 */
export function parseKeyUse(event: unknown, account: string): readonly KeyUse[] {
  const parsed = Event.safeParse(event);
  if (!parsed.success || parsed.data.account !== account) return [];
  const { detail } = parsed.data;
  const { sessionContext, arn } = detail.userIdentity;
  const principal = sessionContext?.sessionIssuer?.arn ?? arn;
  if (principal === undefined) return [];
  const keyIds = (detail.resources ?? []).flatMap(({ ARN }) => keyIdOf(ARN) ?? []);
  const at = new Date(detail.eventTime).toISOString();
  const outcome = detail.errorCode === undefined ? 'allowed' : 'refused';
  const context = contextOf(detail);
  return actsOf(detail, keyIds).map((use) => ({ ...use, principal, outcome, at, ...context }));
}

/** What the data plane says of a call that failed: at once, where CloudTrail comes minutes later. */
export const USE_FAILURE_SOURCE = 'keyturn.data-plane';
export const USE_FAILURE_TYPE = 'key.use-failed';

const UseFailureEvent = z.object({
  source: z.literal(USE_FAILURE_SOURCE),
  'detail-type': z.literal(USE_FAILURE_TYPE),
  account: z.string(),
  detail: z.strictObject({
    version: z.literal(1),
    key: z.string().min(1).max(63),
    keyVersion: z.int().positive(),
    at: z.iso.datetime(),
    principal: z.string().min(1).max(2048).optional(),
  }),
});

/** A call of the data plane that failed under a version. */
export interface UseFailure {
  readonly key: string;
  readonly keyVersion: number;
  readonly at: string;
  /** Who was refused a version that is being destroyed: KMS was not asked, so CloudTrail tells nothing. */
  readonly principal?: string;
}

/** Reads such an event; null for every other one. */
export function parseUseFailure(event: unknown, account: string): UseFailure | null {
  const parsed = UseFailureEvent.safeParse(event);
  if (!parsed.success || parsed.data.account !== account) return null;
  const { key, keyVersion, at, principal } = parsed.data.detail;
  return {
    key,
    keyVersion,
    at: new Date(at).toISOString(),
    ...(principal === undefined ? {} : { principal }),
  };
}
