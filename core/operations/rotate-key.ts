// SPDX-License-Identifier: Apache-2.0
// Use case: admit a rotation and start the `rotate-key` workflow. [INV-04] two rotations of one key never run at once.
// A second request is told which one runs. The steps of the workflow are the other files of this folder.
import type { Trigger } from '../contract/vocabulary.ts';
import { KeyturnError, precondition } from '../errors.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision, Ids, Workflows } from '../ports/platform.ts';
import { admit, findClaimed, type IdempotencyClaim, idempotencyRecord } from './admit-operation.ts';
import { type Draft, mutateKey } from './mutate-key.ts';

export interface RotateKeyDeps {
  readonly ledger: Ledger;
  readonly workflows: Workflows;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface RotateKeyInput {
  readonly name: string;
  readonly stage: string;
  readonly trigger: Trigger;
  readonly requestedBy: string;
  readonly reason: string | null;
  readonly decision: Decision;
  /** Absent for the schedule: there the due date itself makes the second request a no-op. */
  readonly claim: IdempotencyClaim | null;
}

function checkRotatable(snapshot: KeySnapshot): void {
  const { key } = snapshot;
  if (key.lease) {
    throw new KeyturnError(
      'OperationInProgress',
      `operation ${key.lease.operationId} holds ${key.name}; wait for it to end`,
      { details: { operationId: key.lease.operationId } },
    );
  }
  if (key.state !== 'active') {
    throw new KeyturnError(
      'TransitionForbidden',
      `${key.name} is ${key.state}; only an active key rotates`,
      {
        details: { key: key.name, state: key.state },
      },
    );
  }
}

function admissionDraft(
  snapshot: KeySnapshot,
  input: RotateKeyInput,
  operationId: string,
  now: string,
): Draft {
  const { key } = snapshot;
  const { name: _name, decision, claim, ...who } = input;
  const { lease, version, operation } = admit(key, {
    ...who,
    operationId,
    kind: 'rotate-key',
    now,
  });
  return {
    key: { lease, fence: lease.fence, latestVersion: version.version },
    versions: [version],
    operation,
    ...(claim ? { idempotency: idempotencyRecord(claim, operationId, now) } : {}),
    audit: {
      at: now,
      actor: input.requestedBy,
      action: 'rotation.admitted',
      decision,
      operationId,
      detail: { version: version.version, trigger: input.trigger, reason: input.reason },
    },
  };
}

/**
 * Admits a rotation without starting it.
 * @throws KeyturnError `KeyNotFound`, `OperationInProgress`, `TransitionForbidden`
 */
export async function admitRotation(
  deps: Omit<RotateKeyDeps, 'workflows'>,
  input: RotateKeyInput,
  isWanted: (snapshot: KeySnapshot) => boolean = () => true,
): Promise<string | null> {
  const operationId = deps.ids.operationId();
  return mutateKey(deps.ledger, input.name, (snapshot) => {
    if (!isWanted(snapshot)) return { draft: null, result: null };
    checkRotatable(snapshot);
    return {
      draft: admissionDraft(snapshot, input, operationId, deps.clock.now()),
      result: operationId,
    };
  });
}

/**
 * Admits a rotation and starts it.
 * @throws KeyturnError `KeyNotFound`, `OperationInProgress`, `TransitionForbidden`, `IdempotencyKeyReused`
 */
export async function rotateKey(
  deps: RotateKeyDeps,
  input: RotateKeyInput,
): Promise<{ operationId: string }> {
  const claimed = input.claim ? await findClaimed(deps.ledger, input.claim) : null;
  const operationId = claimed ?? (await admitOrJoin(deps, input));
  await deps.workflows.start('rotate-key', operationId, 1);
  return { operationId };
}

/** The same request sent twice at once: the loser of the race finds the winner's operation. */
async function admitOrJoin(deps: RotateKeyDeps, input: RotateKeyInput): Promise<string> {
  try {
    const admitted = await admitRotation(deps, input);
    precondition(admitted, 'an unconditional admission admits or throws');
    return admitted;
  } catch (error) {
    const winner = input.claim ? await findClaimed(deps.ledger, input.claim) : null;
    if (winner) return winner;
    throw error;
  }
}
