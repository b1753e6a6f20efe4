// SPDX-License-Identifier: Apache-2.0
// Use case: admit a rotation and start the `rotate-key` workflow. [INV-04] two rotations of one key never run at once.
// A second request is told which one runs. The steps of the workflow are the other files of this folder.
import type { Trigger } from '../contract/vocabulary.ts';
import { KeyturnError, precondition } from '../errors.ts';
import { awaitsSuccessor } from '../keys/containment.ts';
import type { OperationRecord } from '../keys/records.ts';
import type { ClassPolicy } from '../policies/classes.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision, Ids, Workflows } from '../ports/platform.ts';
import { admit, findClaimed, type IdempotencyClaim, idempotencyRecord } from './admit-operation.ts';
import { batchItem, batchOfOne, entryOf, type Placed, rotationWorkflow } from './batches.ts';
import type { Waits } from './begin-operation.ts';
import { doingOnce } from './decide-again.ts';
import { type Draft, mutateKey } from './mutate-key.ts';
import { requireFreshPlan } from './plan-digest.ts';

export interface RotateKeyDeps {
  readonly ledger: Ledger;
  readonly workflows: Workflows;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Waits of an execution; they travel in its input. */
  readonly waits: Waits;
  readonly classes: readonly ClassPolicy[];
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
  /** The batch whose execution is to run it; absent or null for an execution of its own. */
  readonly batchId?: string | null;
  /** The plan that the caller has seen; absent or null: whatever is true now. */
  readonly planDigest?: string | null;
}

/** @throws KeyturnError `OperationInProgress`, `TransitionForbidden` */
export function checkRotatable(snapshot: KeySnapshot): void {
  const { key } = snapshot;
  if (key.lease) {
    throw new KeyturnError(
      'OperationInProgress',
      `operation ${key.lease.operationId} holds ${key.name}; wait for it to end`,
      { details: { operationId: key.lease.operationId } },
    );
  }
  if (key.state !== 'active' && !awaitsSuccessor(key)) {
    throw new KeyturnError(
      'TransitionForbidden',
      `${key.name} is ${key.state}; only an active key rotates, or one whose current version alone was revoked`,
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
): { draft: Draft; operation: OperationRecord; fence: number } {
  const { key } = snapshot;
  const { name: _name, decision, claim, planDigest: _plan, ...who } = input;
  const { lease, version, operation } = admit(key, {
    ...who,
    batchId: input.batchId ?? null,
    operationId,
    kind: 'rotate-key',
    now,
  });
  const planDigest = input.planDigest ?? null;
  const draft: Draft = {
    key: { lease, fence: lease.fence, latestVersion: version.version },
    versions: [version],
    operation: { ...operation, ...(planDigest ? { planDigest } : {}) },
    ...(claim ? { idempotency: idempotencyRecord(claim, operationId, now) } : {}),
    audit: {
      at: now,
      actor: input.requestedBy,
      action: 'rotation.admitted',
      decision,
      operationId,
      detail: {
        version: version.version,
        trigger: input.trigger,
        reason: input.reason,
        ...(planDigest ? { planDigest } : {}),
      },
    },
  };
  return { draft, operation, fence: lease.fence };
}

/**
 * Admits a rotation without starting it.
 * @throws KeyturnError `KeyNotFound`, `OperationInProgress`, `TransitionForbidden`, `PlanStale`
 */
export async function admitRotation(
  deps: Omit<RotateKeyDeps, 'workflows'>,
  input: RotateKeyInput,
  isWanted: (snapshot: KeySnapshot) => boolean = () => true,
): Promise<Placed | null> {
  const operationId = deps.ids.operationId();
  return mutateKey(deps.ledger, input.name, (snapshot) => {
    if (!isWanted(snapshot)) return { draft: null, result: null };
    checkRotatable(snapshot);
    if (input.planDigest) requireFreshPlan(deps, snapshot, input.planDigest);
    const admission = admissionDraft(snapshot, input, operationId, deps.clock.now());
    const item = batchItem(admission.operation, admission.fence);
    const place = entryOf(snapshot.key, admission.operation, deps.waits, deps.clock.now());
    return { draft: admission.draft, result: { ...place, item } };
  });
}

/**
 * Admits a rotation and starts it.
 * @throws KeyturnError `KeyNotFound`, `OperationInProgress`, `TransitionForbidden`, `PlanStale`, `IdempotencyKeyReused`
 */
export async function rotateKey(
  deps: RotateKeyDeps,
  input: RotateKeyInput,
): Promise<{ operationId: string }> {
  const find = async () => {
    const claimed = await findClaimed(deps.ledger, input.claim);
    return claimed === null ? null : startAgain(deps, input.name, claimed);
  };
  return doingOnce(find, async () => {
    const placed = await admitRotation(deps, input);
    precondition(placed, 'an unconditional admission admits or throws');
    return start(deps, placed);
  });
}

async function start(deps: RotateKeyDeps, placed: Placed): Promise<{ operationId: string }> {
  const { operationId, attempt } = placed.item;
  await deps.workflows.start(
    rotationWorkflow(placed.entry),
    operationId,
    attempt,
    batchOfOne(placed),
  );
  return { operationId };
}

/** Starts what an earlier request admitted, in case its start was lost; not once it ended or the sweep has it. */
async function startAgain(
  deps: RotateKeyDeps,
  name: string,
  operationId: string,
): Promise<{ operationId: string }> {
  const snapshot = await deps.ledger.readKey(name);
  const lease = snapshot?.key.lease;
  const operation = snapshot?.operation;
  if (!snapshot || lease?.operationId !== operationId || operation?.attempt !== 1)
    return { operationId };
  const item = batchItem(operation, lease.fence);
  const place = entryOf(snapshot.key, operation, deps.waits, deps.clock.now());
  return start(deps, { ...place, item });
}
