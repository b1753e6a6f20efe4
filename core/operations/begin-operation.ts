// SPDX-License-Identifier: Apache-2.0
// First step of both workflows: takes the lease for this execution and says how long the waits are. A new execution
// of a parked or lost operation raises the fence, so that an older one still running can write nothing more.
import type { Tier } from '../contract/vocabulary.ts';
import { KeyturnError } from '../errors.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import { LEASE_SECONDS, later } from './admit-operation.ts';
import { mutateKey } from './mutate-key.ts';
import { isRecorded, type StepDeps, withStep } from './run-step.ts';

export interface BeginInput {
  readonly operationId: string;
  /** Number of this execution, 1 for the first. */
  readonly attempt: number;
}

export interface Waits {
  /** How long KMS may take to show alias and policy changes everywhere. */
  readonly settleSeconds: number;
  /** How long the new version is watched before the old one is restricted; longer than settling. */
  readonly bakeSeconds: number;
}

/** What travels through the workflow: ids and waits. */
export interface Begun extends Waits {
  readonly operationId: string;
  readonly key: string;
  readonly fence: number;
  readonly version: number;
  readonly hasPrevious: boolean;
  /** Which steps come next. */
  readonly tier: Tier;
}

function holdsAttempt(snapshot: KeySnapshot, input: BeginInput): boolean {
  const { operation } = snapshot;
  return operation?.id === input.operationId && operation.attempt === input.attempt;
}

/**
 * Begins or resumes an operation.
 * @throws KeyturnError `OperationNotFound`; `LeaseLost` when the operation ended or a newer attempt runs.
 */
export async function beginOperation(
  deps: StepDeps,
  input: BeginInput,
  waits: Waits,
): Promise<Begun> {
  const known = await deps.ledger.readOperation(input.operationId);
  if (!known) {
    throw new KeyturnError('OperationNotFound', `no operation ${input.operationId} is recorded`);
  }
  return mutateKey(deps.ledger, known.key, (snapshot) => {
    const { key, operation } = snapshot;
    if (!operation || !key.lease || !holdsAttempt(snapshot, input)) {
      throw new KeyturnError(
        'LeaseLost',
        `operation ${input.operationId} ended or has a newer attempt`,
        {
          details: { operationId: input.operationId, attempt: input.attempt },
        },
      );
    }
    const now = deps.clock.now();
    const begun: Begun = {
      ...waits,
      operationId: input.operationId,
      key: key.name,
      fence: key.lease.fence,
      version: operation.version,
      hasPrevious: operation.previousVersion !== null,
      tier: key.tier,
    };
    const expiresAt = later(now, LEASE_SECONDS + waits.settleSeconds + waits.bakeSeconds);
    const step = 'BeginOperation' as const;
    const draft = {
      key: { lease: { ...key.lease, expiresAt } },
      operation: isRecorded(operation, step)
        ? { ...operation, step }
        : withStep(operation, step, now),
      audit: {
        at: now,
        actor: `workflow/${operation.kind}`,
        action: 'operation.begun',
        decision: { effect: 'permit' as const, rule: 'lease-holder' },
        operationId: operation.id,
        detail: { attempt: operation.attempt, version: operation.version },
      },
    };
    return { draft, result: begun };
  });
}
