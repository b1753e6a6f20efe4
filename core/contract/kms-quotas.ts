// SPDX-License-Identifier: Apache-2.0
// What AWS KMS lets one account do in one Region, as data. Keyturn takes a configured share of it: other teams and
// the consumers themselves live in the same quota.
// Source: AWS KMS developer guide, "Request quotas" (requests-per-second.html), read 2026-11. All but the key store's
// are adjustable; an account that has more says so in the setting `kms.quotas`.
import { z } from 'zod';

/** Calls per second of one account and Region. Shared by all callers of the operation, whoever they are. */
export const KMS_QUOTAS = {
  CancelKeyDeletion: 5,
  CreateAlias: 5,
  CreateKey: 5,
  DeleteAlias: 15,
  DescribeKey: 2000,
  DisableKey: 5,
  EnableKey: 5,
  GetKeyLastUsage: 5,
  ListAliases: 500,
  ListKeys: 500,
  PutKeyPolicy: 15,
  RotateKeyOnDemand: 5,
  ScheduleKeyDeletion: 15,
  TagResource: 10,
  UntagResource: 5,
  UpdateAlias: 5,
  /** Symmetric cryptographic operations outside key stores; 20,000 or 100,000 in the largest Regions. */
  Cryptographic: 10_000,
  /** Signatures and verifications with elliptic-curve keys, all of the account together. */
  CryptographicEcc: 300,
  /** Cryptographic operations of one CloudHSM key store, all of them together; not adjustable. */
  CryptographicInKeyStore: 1800,
} as const satisfies Record<string, number>;

export type KmsCall = keyof typeof KMS_QUOTAS;

/** Names of the quotas, for settings. */
export const KMS_CALLS = Object.keys(KMS_QUOTAS) as KmsCall[];

/**
 * How much of each quota Keyturn uses (setting `kms`). At most four fifths: what is left belongs to others and to the
 * priority lane (`core/limits/token-schedule.ts`).
 */
export const KmsBudget = z.strictObject({
  share: z.number().min(0.05).max(0.8),
  /** Quotas of this account where they are not AWS's default ones, in calls per second. */
  quotas: z.partialRecord(z.enum(KMS_CALLS), z.number().positive()),
});
export type KmsBudget = z.infer<typeof KmsBudget>;
