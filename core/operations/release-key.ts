// SPDX-License-Identifier: Apache-2.0
// Use case: let a key go. Its KMS keys stay usable without Keyturn, under a policy that leaves them to IAM of the
// account and names the roles that used them; the record stays as history and its name is not given out again. It
// is a change of access that ends with nobody of ours in the policies, so the workflow is `update-access`.
import { KeyturnError } from '../errors.ts';
import { isOver } from '../keys/destruction.ts';
import type { ApprovalChange, KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision, Ids, Workflows } from '../ports/platform.ts';
import { admitOnce, type IdempotencyClaim } from './admit-operation.ts';
import { requireNothingWrapped } from './complete-release.ts';
import { keyNotFound, mutateKey, requireManaged } from './mutate-key.ts';
import { searchEnds } from './sweep-orphans.ts';
import { admissionOf } from './update-access.ts';

export interface ReleaseKeyDeps {
  readonly ledger: Ledger;
  readonly workflows: Workflows;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface ReleaseKeyInput {
  readonly key: string;
  readonly reason: string | null;
  readonly by: string;
  readonly decision: Decision;
  readonly claim: IdempotencyClaim;
  /** Of a key with consumers: the approval that is used up with it. */
  readonly approve?: (snapshot: KeySnapshot, operationId: string) => ApprovalChange;
}

/** A key that may be let go. @throws KeyturnError `KeyNotFound`, `KeyReleased`, `TransitionForbidden` */
export async function requireReleasable(ledger: Ledger, name: string): Promise<KeySnapshot> {
  const snapshot = await ledger.readKey(name);
  if (!snapshot) throw keyNotFound(name);
  requireManaged(snapshot.key);
  await requireNothingWrapped(ledger, name);
  check(snapshot);
  return snapshot;
}

function check({ key, reencryption, versions }: KeySnapshot): void {
  if (key.tier !== 'kms')
    throw new KeyturnError(
      'TransitionForbidden',
      `${key.name} is a wrapped data key: without Keyturn nobody could use it, so it cannot be let go`,
      { details: { key: key.name, tier: key.tier } },
    );
  if (key.state !== 'active' && key.state !== 'deactivated')
    throw new KeyturnError(
      'TransitionForbidden',
      `${key.name} is ${key.state}; only a key whose material may be used is let go`,
      { details: { key: key.name, state: key.state } },
    );
  const leaving = versions.find(({ destruction }) => destruction && !isOver(destruction));
  if (leaving?.destruction)
    throw new KeyturnError(
      'TransitionForbidden',
      `the destruction of version ${leaving.version} of ${key.name} is ${leaving.destruction.phase}; stop it, or let the key go when it is final`,
      { details: { key: key.name, version: leaving.version } },
    );
  if (reencryption?.state === 'running')
    throw new KeyturnError(
      'OperationInProgress',
      `operation ${reencryption.operationId} re-encrypts ${key.name}; let the key go when it has ended`,
      { details: { operationId: reencryption.operationId } },
    );
  // Nothing changes a key that was let go, so nobody could record what is found and removed behind it.
  if (key.orphanSearch)
    throw new KeyturnError(
      'TransitionForbidden',
      `a KMS key of ${key.name} may exist that no record knows; it is looked for until ${searchEnds(key.orphanSearch)}, let the key go after that`,
      { details: { key: key.name } },
    );
}

/** Consumers lose what Keyturn does for them: nobody takes that from them alone. */
function requireNobodyConcerned({ key, consumers }: KeySnapshot): void {
  if (consumers.length === 0) return;
  throw new KeyturnError(
    'ApprovalRequired',
    `${key.name} has ${consumers.length} consumer(s); its release needs approvals`,
    { details: { key: key.name, consumers: consumers.length } },
  );
}

/**
 * Admits the release of a key that nobody consumes, and starts it.
 * @throws KeyturnError `KeyNotFound`, `KeyReleased`, `ApprovalRequired`, `OperationInProgress`, `TransitionForbidden`,
 *   `IdempotencyKeyReused`
 */
export async function releaseKey(
  deps: ReleaseKeyDeps,
  input: ReleaseKeyInput,
): Promise<{ operationId: string }> {
  const operationId = await admitRelease(deps, input);
  await deps.workflows.start('update-access', operationId, 1);
  return { operationId };
}

/** Admits it alone; what is approved starts it behind the transaction. @see releaseKey */
export function admitRelease(
  deps: Omit<ReleaseKeyDeps, 'workflows'>,
  input: ReleaseKeyInput,
): Promise<string> {
  return admitOnce(deps.ledger, input.claim, () => admitNew(deps, input));
}

async function admitNew(
  deps: Omit<ReleaseKeyDeps, 'workflows'>,
  input: ReleaseKeyInput,
): Promise<string> {
  await requireReleasable(deps.ledger, input.key);
  const id = deps.ids.operationId();
  return mutateKey(deps.ledger, input.key, (snapshot) => {
    check(snapshot);
    const approval = input.approve?.(snapshot, id);
    if (!approval) requireNobodyConcerned(snapshot);
    const now = deps.clock.now();
    const { by, claim, reason } = input;
    const admission = admissionOf(snapshot, { id, by, now, claim, hasWork: true });
    const { operation } = admission;
    const draft = {
      ...admission,
      ...(operation ? { operation: { ...operation, reason, isRelease: true as const } } : {}),
      ...(approval ? { approval } : {}),
      audit: {
        at: now,
        actor: by,
        action: 'key.release-admitted',
        decision: input.decision,
        operationId: id,
        detail: { reason },
      },
    };
    return { draft, result: id };
  });
}
