// SPDX-License-Identifier: Apache-2.0
// Use case: let a key go. Its KMS keys stay usable without Keyturn, under a policy that leaves them to IAM of the
// account and names the roles that used them; the record stays as history and its name is not given out again. It
// is a change of access that ends with nobody of ours in the policies, so the workflow is `update-access`.
import { KeyturnError } from '../errors.ts';
import type { Approvals } from '../ports/approvals.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision, Ids, Workflows } from '../ports/platform.ts';
import { findClaimed, type IdempotencyClaim } from './admit-operation.ts';
import { requireNothingWrapped } from './complete-release.ts';
import { keyNotFound, mutateKey, requireManaged } from './mutate-key.ts';
import { admissionOf } from './update-access.ts';

export interface ReleaseKeyDeps {
  readonly ledger: Ledger;
  readonly workflows: Workflows;
  readonly approvals: Approvals;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface ReleaseKeyInput {
  readonly key: string;
  readonly reason: string | null;
  readonly by: string;
  readonly decision: Decision;
  readonly claim: IdempotencyClaim;
}

/** Consumers lose what Keyturn does for them: nobody takes that from them alone. */
async function requireConsent(deps: ReleaseKeyDeps, input: ReleaseKeyInput): Promise<number> {
  const snapshot = await deps.ledger.readKey(input.key);
  if (!snapshot) throw keyNotFound(input.key);
  requireManaged(snapshot.key);
  await requireNothingWrapped(deps.ledger, input.key);
  const { length } = snapshot.consumers;
  const request = { act: 'key.release', key: input.key, operationId: null, requestedBy: input.by };
  if (length > 0) await deps.approvals.require(request);
  return length;
}

function check({ key, consumers }: KeySnapshot, consented: number): void {
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
  if (consumers.length <= consented) return;
  throw new KeyturnError(
    'ApprovalRequired',
    `${key.name} got a consumer meanwhile; its release needs approvals`,
  );
}

/**
 * Admits the release of a key and starts it.
 * @throws KeyturnError `KeyNotFound`, `KeyReleased`, `KeyNotUsable`, `ApprovalRequired`, `OperationInProgress`, `TransitionForbidden`,
 *   `IdempotencyKeyReused`
 */
export async function releaseKey(
  deps: ReleaseKeyDeps,
  input: ReleaseKeyInput,
): Promise<{ operationId: string }> {
  const operationId = (await findClaimed(deps.ledger, input.claim)) ?? (await admit(deps, input));
  await deps.workflows.start('update-access', operationId, 1);
  return { operationId };
}

async function admit(deps: ReleaseKeyDeps, input: ReleaseKeyInput): Promise<string> {
  const consented = await requireConsent(deps, input);
  const id = deps.ids.operationId();
  return mutateKey(deps.ledger, input.key, (snapshot) => {
    check(snapshot, consented);
    const now = deps.clock.now();
    const { by, claim, reason } = input;
    const admission = admissionOf(snapshot, { id, by, now, claim, hasWork: true });
    const { operation } = admission;
    const draft = {
      ...admission,
      ...(operation ? { operation: { ...operation, reason, isRelease: true as const } } : {}),
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
