// SPDX-License-Identifier: Apache-2.0
// Use case: what a revoked version protects may be re-encrypted for a while, because people decided so (requirement V3).
// Nobody else gets in: the policy denies everybody but the role of re-encryption, and KMS itself ends that by the
// clock. The workflow `update-access` puts the policy; a version that was disabled is enabled behind it.
import { KeyturnError } from '../errors.ts';
import { encrypts } from '../keys/key-specs.ts';
import type { ReencryptionOpening, VersionContainment, VersionRecord } from '../keys/records.ts';
import type { ApprovalChange, KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision, Ids } from '../ports/platform.ts';
import {
  admitOnce,
  type IdempotencyClaim,
  idempotencyRecord,
  LEASE_SECONDS,
  later,
} from './admit-operation.ts';
import { keyNotFound, mutateKey, requireManaged } from './mutate-key.ts';

export interface OpenVersionDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** A version that is open, or was: the policy of its KMS key. */
export interface OpeningTarget {
  readonly version: VersionRecord;
  readonly keyId: string;
  readonly opening: ReencryptionOpening;
}

/** Revoked versions whose policy says until when they are read. */
export function openingTargets({ versions }: KeySnapshot): readonly OpeningTarget[] {
  return versions.flatMap((version) => {
    const { keyId, containment, substate, state } = version;
    // What is being destroyed stays closed.
    if (keyId === null || substate === 'quarantined' || substate === 'destroy-scheduled') return [];
    if (state === 'destroyed' || !containment?.opening) return [];
    return [{ version, keyId, opening: containment.opening }];
  });
}

interface Openable {
  readonly version: VersionRecord;
  readonly containment: VersionContainment;
}

const refused = (text: string) => new KeyturnError('TransitionForbidden', text);

/** @throws KeyturnError `KeyNotFound`, `KeyReleased`, `TransitionForbidden` with what stands against it, `OperationInProgress` */
export function requireOpenable(
  { key, versions, operation }: KeySnapshot,
  asked: number,
): Openable {
  requireManaged(key);
  const version = versions.find((one) => one.version === asked);
  if (!version) throw new KeyturnError('KeyNotFound', `${key.name} has no version ${asked}`);
  const name = `version ${asked} of ${key.name}`;
  const { containment } = version;
  if (containment?.kind !== 'revocation')
    throw refused(`${name} is not revoked: it is re-encrypted without being opened`);
  if (containment.confirmedAt === null)
    throw refused(`the revocation of ${name} is not confirmed yet; ask again when it is`);
  if (!encrypts(key)) throw refused(`${key.name} does not encrypt: nothing lies under ${name}`);
  if (version.keyId === null) throw refused(`${name} has no KMS key of its own`);
  if (version.policyTemplate !== 'contained')
    throw refused(`${name} has the policy of who made it, which Keyturn does not replace`);
  if (version.state !== 'compromised' || version.substate !== null)
    throw refused(`${name} is ${version.substate ?? version.state}`);
  if (key.state !== 'active' || key.containment)
    throw refused(`${key.name} has no version to re-encrypt to; make its successor first`);
  if (!key.lease) return { version, containment };
  throw new KeyturnError(
    'OperationInProgress',
    `operation ${key.lease.operationId} holds ${key.name}; wait for it to end`,
    { details: { operationId: operation?.id ?? key.lease.operationId } },
  );
}

/** The key as opening a version of it is asked for. @throws KeyturnError `KeyNotFound`, and as {@link requireOpenable} */
export async function openableKey(
  ledger: Ledger,
  name: string,
  version: number,
): Promise<KeySnapshot> {
  const snapshot = await ledger.readKey(name);
  if (!snapshot) throw keyNotFound(name);
  requireOpenable(snapshot, version);
  return snapshot;
}

export interface OpenVersionInput {
  readonly key: string;
  readonly version: number;
  readonly hours: number;
  readonly reason: string | null;
  readonly by: string;
  readonly approvalId: string;
  readonly decision: Decision;
  readonly claim: IdempotencyClaim;
  readonly approve: (snapshot: KeySnapshot, operationId: string) => ApprovalChange;
}

function operationOf({ key }: KeySnapshot, input: OpenVersionInput, id: string, now: string) {
  return {
    id,
    kind: 'update-access' as const,
    key: key.name,
    version: key.currentVersion ?? key.latestVersion,
    previousVersion: null,
    state: 'running' as const,
    step: 'Admitted' as const,
    cause: null,
    attempt: 1,
    batchId: null,
    trigger: 'api' as const,
    requestedBy: input.by,
    reason: input.reason,
    startedAt: now,
    endedAt: null,
    retryAt: null,
    timeline: [{ step: 'Admitted' as const, at: now }],
  };
}

/**
 * Records the opening, with the approval that it uses up. The clock runs from here, not from the request.
 * @returns the id of the operation; `update-access` is to be started with it
 * @throws KeyturnError as {@link requireOpenable}, `ApprovalStale`, `IdempotencyKeyReused`
 */
export function admitOpening(deps: OpenVersionDeps, input: OpenVersionInput): Promise<string> {
  return admitOnce(deps.ledger, input.claim, () => admitNew(deps, input));
}

async function admitNew(deps: OpenVersionDeps, input: OpenVersionInput): Promise<string> {
  const id = deps.ids.operationId();
  return mutateKey(deps.ledger, input.key, (snapshot) => {
    const { version, containment } = requireOpenable(snapshot, input.version);
    const now = deps.clock.now();
    const opening: ReencryptionOpening = {
      approvalId: input.approvalId,
      operationId: id,
      at: now,
      until: later(now, input.hours * 3600),
      wasDisabled: containment.mode === 'hard' || containment.opening?.wasDisabled === true,
    };
    const fence = snapshot.key.fence + 1;
    const draft = {
      key: { fence, lease: { operationId: id, fence, expiresAt: later(now, LEASE_SECONDS) } },
      // From here on it is the policy that denies, whatever it was before.
      versions: [{ ...version, containment: { ...containment, mode: 'locked' as const, opening } }],
      operation: operationOf(snapshot, input, id, now),
      idempotency: idempotencyRecord(input.claim, id, now),
      approval: input.approve(snapshot, id),
      audit: {
        at: now,
        actor: input.by,
        action: 'version.opened-for-reencryption',
        decision: input.decision,
        operationId: id,
        detail: { version: input.version, until: opening.until, reason: input.reason },
      },
    };
    return { draft, result: id };
  });
}
