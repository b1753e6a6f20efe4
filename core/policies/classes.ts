// SPDX-License-Identifier: Apache-2.0
// A class is a bundle of policy for many keys: cryptoperiods and the quorum for what is dangerous. Classes are data
// (`policies/classes.ts` holds the seeded ones); this file says what a valid one is and computes due dates.
import { z } from 'zod';
import { canonicalHash, sha256Hex } from '../crypto/hashing.ts';
import type { Instant, KeyRecord } from '../keys/records.ts';
import { AcknowledgementPolicy } from './acknowledgement.ts';
import { periodFault } from './feasibility.ts';
import { lastOpening, SchedulePolicy } from './schedule.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Encryptions under one AES-GCM key with random IVs (NIST SP 800-38D §8.3). */
const AES_GCM_BOUND = 2 ** 32;
/** Half of the bound leaves time to rotate. */
export const DEFAULT_MAXIMUM_ENCRYPTIONS = AES_GCM_BOUND / 2;

const Members = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
  /** Originator-usage period: how long a version may protect new data (SP 800-57 part 1 §5.3). */
  rotationDays: z.int().min(1).max(3650),
  /** How long an old version stays readable after it was replaced (recipient-usage period). */
  retentionDays: z.int().min(0).max(36_500),
  quorum: z
    .strictObject({ required: z.int().min(1), of: z.int().min(1) })
    .refine((quorum) => quorum.required <= quorum.of, 'required must not exceed of'),
  /** When rotations that nobody asked for may start; absent: at any time. */
  schedule: SchedulePolicy.optional(),
  /** Days before the due date on which owner and consumers are told, such as 30, 14, 7, 1. */
  noticeDays: z.array(z.int().min(1).max(365)).max(10).optional(),
  /** Events that make a key due before its time. */
  triggers: z
    .strictObject({
      /** A `risk.score` event at or above this makes the key due; 0 to 100. */
      riskThreshold: z.number().min(0).max(100).optional(),
      /** Encryptions under one version from which on a `usage.volume` event makes the key due; absent: 2^31. */
      maximumEncryptions: z.int().min(1).max(AES_GCM_BOUND).optional(),
      /** An event finds a key that rotated within so many hours rotated already. */
      cooldownHours: z.int().min(0).max(8760),
    })
    .optional(),
  /** Failed calls under a new version, and their share, from which on its rotation goes back; absent: 5, and 5 %. */
  bake: z.strictObject({ errors: z.int().min(1), errorShare: z.number().min(0).max(1) }).optional(),
  /** Key of tier `kms` that wraps the class's keys of tier `data` unless a request names another; absent: it must. */
  dataKeyParent: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/)
    .optional(),
  /** How long rotations wait for consumers; absent: a day, then undone. */
  acknowledgement: AcknowledgementPolicy.optional(),
  /** `automatic`: stored ciphertexts are re-encrypted when a rotation has ended; absent means on demand only. */
  reencryption: z.strictObject({ automatic: z.boolean() }).optional(),
  /** How long KMS keeps imported material of the class's keys (KMS ImportKeyMaterial, ValidTo: a year); absent: for ever. */
  importedMaterial: z.strictObject({ validDays: z.int().min(1).max(365) }).optional(),
  /** How long a replaced version must not have been used before it may be retired; absent means 30 days. */
  retirement: z.strictObject({ quietDays: z.int().min(0).max(3650) }).optional(),
  /** How long a version lies disabled before its deletion is scheduled, and KMS's waiting period (7 to 30 days). */
  destruction: z
    .strictObject({
      quietSeconds: z
        .int()
        .min(1)
        .max(365 * 86_400),
      windowDays: z.int().min(7).max(30),
    })
    .optional(),
});

/** Imported material is replaced so long before KMS forgets it: a week for whoever has to look into what went wrong. */
const EXPIRY_MARGIN_DAYS = 7;

/** What is wrong with how long imported material lives; null when a rotation fits in before it is due again. */
function materialFault(policy: z.infer<typeof Members>): string | null {
  const { validDays } = policy.importedMaterial ?? {};
  if (validDays === undefined) return null;
  const days = validDays - EXPIRY_MARGIN_DAYS;
  const sum = `material lives ${validDays} d and is replaced ${EXPIRY_MARGIN_DAYS} d before its end, so every ${days} d`;
  if (days < 1) return `${sum}: let it live longer`;
  const fault = periodFault({ ...policy, rotationDays: Math.min(days, policy.rotationDays) });
  return fault && `${sum}: ${fault}`;
}

/** A class; one that cannot be kept is refused with the arithmetic. */
export const ClassPolicy = Members.superRefine((policy, context) => {
  const fault = periodFault(policy);
  if (fault) context.addIssue({ code: 'custom', path: ['rotationDays'], message: fault });
  const material = fault ? null : materialFault(policy);
  if (material)
    context.addIssue({
      code: 'custom',
      path: ['importedMaterial', 'validDays'],
      message: material,
    });
});
export type ClassPolicy = z.infer<typeof Members>;

/** Where the class says nothing: a week, and the longest that KMS waits. */
export const DEFAULT_DESTRUCTION = { quietSeconds: 7 * 86_400, windowDays: 30 } as const;

/** The class of a name; undefined when the deployment has none of it. */
export function classOf(classes: readonly ClassPolicy[], name: string): ClassPolicy | undefined {
  return classes.find((policy) => policy.name === name);
}

/** A share of the jitter that is the same for one key and spread evenly over all: 0 to below 1. */
function spread(name: string): number {
  return Number.parseInt(sha256Hex(name).slice(0, 8), 16) / 2 ** 32;
}

/**
 * When a version activated at `activatedAt` is due to be replaced: at the end of its originator-usage period, or
 * earlier by the key's share of the jitter and by what lies between there and the last maintenance window.
 * @param expiresAt when KMS forgets the version's material, which has to be replaced before; null: never
 */
export function nextRotationAt(
  policy: ClassPolicy,
  activatedAt: Instant,
  name: string,
  expiresAt: Instant | null = null,
): Instant {
  const period = Date.parse(activatedAt) + policy.rotationDays * DAY_MS;
  const limit =
    expiresAt === null
      ? period
      : Math.min(period, Date.parse(expiresAt) - EXPIRY_MARGIN_DAYS * DAY_MS);
  const { schedule } = policy;
  if (!schedule) return new Date(limit).toISOString();
  const early = Math.floor(spread(name) * (schedule.jitterMinutes ?? 0)) * MINUTE_MS;
  return lastOpening(schedule, activatedAt, new Date(limit - early).toISOString());
}

/**
 * The next instant at which a notice about `dueAt` is to be given, behind `after`.
 * @returns null when the class gives none, or none any more.
 */
export function nextNoticeAt(policy: ClassPolicy, dueAt: Instant, after: Instant): Instant | null {
  const instants = (policy.noticeDays ?? [])
    .map((days) => new Date(Date.parse(dueAt) - days * DAY_MS).toISOString())
    .filter((instant) => instant > after)
    .sort();
  return instants[0] ?? null;
}

/**
 * Names what of a class its keys' due dates depend on: another digest, other dates. How long material lives is not
 * among it: a version keeps the material, and with it the date, that it was imported with.
 */
export function policyDigest({ rotationDays, schedule, noticeDays }: ClassPolicy): string {
  return canonicalHash({ rotationDays, schedule, noticeDays });
}

type DueDates = Required<
  Pick<KeyRecord, 'nextRotationAt' | 'nextNoticeAt' | 'dueBecause' | 'policyDigest'>
>;

/** The members of a key that say when it rotates, after `activatedAt`, seen from `now` on. @see nextRotationAt */
export function dueDates(
  policy: ClassPolicy,
  name: string,
  activatedAt: Instant,
  now: Instant = activatedAt,
  expiresAt: Instant | null = null,
): DueDates {
  const due = nextRotationAt(policy, activatedAt, name, expiresAt);
  return {
    nextRotationAt: due,
    nextNoticeAt: nextNoticeAt(policy, due, now),
    dueBecause: null,
    policyDigest: policyDigest(policy),
  };
}
