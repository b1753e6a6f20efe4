// SPDX-License-Identifier: Apache-2.0
// Admission: the one transaction that gives an operation the key's lease, numbers its version and writes its record.
// The workflow is started after it. Should the start be lost, the lease runs out and the sweep starts it again.
import type { OperationKind, Trigger } from '../contract/vocabulary.ts';
import { canonicalHash, sha256Hex } from '../crypto/hashing.ts';
import { KeyturnError } from '../errors.ts';
import { versionAlias } from '../keys/naming.ts';
import type { KeyRecord, Lease, OperationRecord, VersionRecord } from '../keys/records.ts';
import type { IdempotencyRecord, Ledger } from '../ports/ledger.ts';
import { doingOnce } from './decide-again.ts';

/** A lease outlives the longest single step and its retries; waits are added when the workflow begins. */
export const LEASE_SECONDS = 900;
/** Idempotency rows outlive EventBridge's 24 h of retries (EventBridge user guide, retry policy). */
const IDEMPOTENCY_SECONDS = 48 * 3600;

/** The instant `seconds` after `from`. */
export function later(from: string, seconds: number): string {
  return new Date(Date.parse(from) + seconds * 1000).toISOString();
}

/** A caller's Idempotency-Key in the scope of who called which route. */
export interface IdempotencyClaim {
  readonly scope: string;
  readonly bodyHash: string;
}

/** Builds the claim: principal, route and header value name it; the body decides whether it is the same request. */
export function idempotencyClaim(
  principalId: string,
  route: string,
  header: string,
  body: unknown,
): IdempotencyClaim {
  return {
    scope: sha256Hex(`${principalId}\n${route}\n${header}`),
    bodyHash: canonicalHash(body),
  };
}

/**
 * What was recorded for a claim stands for the same request.
 * @throws KeyturnError `IdempotencyKeyReused` when the body differs
 */
export function requireSameBody(
  { bodyHash, operationId }: { readonly bodyHash: string; readonly operationId?: string },
  claim: IdempotencyClaim,
): void {
  if (bodyHash === claim.bodyHash) return;
  throw new KeyturnError(
    'IdempotencyKeyReused',
    'this Idempotency-Key started a request with another body; use a new key for a new request',
    operationId === undefined ? {} : { details: { operationId } },
  );
}

/**
 * Looks up what an earlier request with this claim started.
 * @param claim null: of what nobody can send again
 * @returns its operation id, or null for a new claim.
 * @throws KeyturnError `IdempotencyKeyReused` when the body differs.
 */
export async function findClaimed(
  ledger: Ledger,
  claim: IdempotencyClaim | null,
): Promise<string | null> {
  const earlier = claim && (await ledger.readIdempotency(claim.scope));
  if (!earlier) return null;
  requireSameBody(earlier, claim);
  return earlier.operationId;
}

/**
 * Admits what a claim stands for once.
 * @param admit writes the claim's record with what it admits
 * @returns the id of the operation; that of the same request which was sent earlier, or at the same time, if there is one
 * @throws KeyturnError `IdempotencyKeyReused`, and what `admit` throws
 */
export function admitOnce(
  ledger: Ledger,
  claim: IdempotencyClaim,
  admit: () => Promise<string>,
): Promise<string> {
  return doingOnce(() => findClaimed(ledger, claim), admit);
}

export function idempotencyRecord(
  claim: IdempotencyClaim,
  operationId: string,
  now: string,
): IdempotencyRecord {
  const expiresAtEpochSeconds = Math.floor(Date.parse(now) / 1000) + IDEMPOTENCY_SECONDS;
  return { ...claim, operationId, expiresAtEpochSeconds };
}

/** What an admission is made of. */
export interface Admission {
  readonly operationId: string;
  readonly kind: Exclude<OperationKind, 'provision-key-store'>;
  readonly trigger: Trigger;
  readonly requestedBy: string;
  readonly batchId: string | null;
  readonly reason: string | null;
  readonly now: string;
  readonly stage: string;
}

/** The records that admission writes for the key's next version. */
export function admit(
  key: KeyRecord,
  admission: Admission,
): { lease: Lease; version: VersionRecord; operation: OperationRecord } {
  const { operationId, kind, now, stage, trigger, requestedBy, reason, batchId } = admission;
  const version = key.latestVersion + 1;
  return {
    lease: { operationId, fence: key.fence + 1, expiresAt: later(now, LEASE_SECONDS) },
    version: {
      name: key.name,
      version,
      state: 'pre-activation',
      substate: 'creating',
      keyId: null,
      keyArn: null,
      alias: versionAlias(stage, key.name, version),
      operationId,
      creationAttempts: 0,
      policyTemplate: 'pre-activation',
      canary: null,
      createdAt: now,
      verifiedAt: null,
      activatedAt: null,
      deactivatedAt: null,
    },
    operation: {
      id: operationId,
      kind,
      key: key.name,
      version,
      previousVersion: key.currentVersion,
      state: 'running',
      step: 'Admitted',
      cause: null,
      attempt: 1,
      batchId,
      trigger,
      requestedBy,
      reason,
      startedAt: now,
      endedAt: null,
      retryAt: null,
      timeline: [{ step: 'Admitted', at: now }],
    },
  };
}
