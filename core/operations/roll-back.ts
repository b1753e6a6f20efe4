// SPDX-License-Identifier: Apache-2.0
// Use cases of the bake: judge the new version by its errors, and switch back. Going back is the same operation with
// its versions exchanged: the old one is opened and proven again, the alias moves to it, and the new one is left able to decrypt, so
// that nothing written under it is lost. [INV-11] a rotation goes back only while the old version was not restricted.
// From then on it goes forward.
import { KeyturnError, precondition } from '../errors.ts';
import type { Instant, OperationRecord } from '../keys/records.ts';
import { type ClassPolicy, classOf } from '../policies/classes.ts';
import type { KeyUseLog } from '../ports/key-use-log.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision, Workflows } from '../ports/platform.ts';
import { readRotation } from './acknowledge-rotation.ts';
import { batchOfOne, type Placed } from './batches.ts';
import type { Waits } from './begin-operation.ts';
import { type Draft, mutateKey, versionOf } from './mutate-key.ts';
import { resumeDraft } from './resume-operation.ts';
import { isRecorded, recordedAt, withStep } from './run-step.ts';

export interface RollBackDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly workflows: Workflows;
  readonly waits: Waits;
}

/** Without a setting: five failed calls, and one in twenty, are no coincidence. */
const DEFAULT_BREACH = { errors: 5, errorShare: 0.05 };

/** True between the switch and the first act on the old version. */
export function isBaking(operation: OperationRecord): boolean {
  return (
    operation.kind === 'rotate-key' &&
    operation.rollback === undefined &&
    operation.previousVersion !== null &&
    isRecorded(operation, 'SwitchAlias') &&
    !isRecorded(operation, 'ProbeAlias')
  );
}

/** Why a rotation cannot go back; null when it can. */
function obstacle(snapshot: KeySnapshot, operation: OperationRecord): string | null {
  if (!isBaking(operation)) {
    return isRecorded(operation, 'SwitchAlias')
      ? 'its bake is over, and the old version may no longer encrypt; rotate again instead'
      : 'it has not switched; a rotation that fails before the switch is undone by itself';
  }
  if (versionOf(snapshot, operation.version).isInPlace)
    return 'KMS has rotated its material in place, which it cannot take back; rotate again instead';
  const old = versionOf(snapshot, operation.previousVersion ?? 0);
  // Another substate than that of a version being replaced means that it is bound, compromised or on its way out.
  if (old.state !== 'active') return `version ${old.version} is ${old.state}`;
  return null;
}

/** The operation turned round: the next attempt leads back. */
function turned(
  operation: OperationRecord,
  rollback: NonNullable<OperationRecord['rollback']>,
): OperationRecord {
  precondition(operation.previousVersion, 'a rotation that goes back has a version to go back to');
  return {
    ...withStep(operation, 'RollBack', rollback.at),
    version: operation.previousVersion,
    previousVersion: operation.version,
    rollback,
  };
}

export interface RollBackInput {
  readonly operationId: string;
  readonly reason: string;
  readonly by: string;
  readonly decision: Decision;
}

function rollBackDraft(
  deps: RollBackDeps,
  snapshot: KeySnapshot,
  operation: OperationRecord,
  input: RollBackInput,
): { draft: Draft; placed: Placed } {
  const now = deps.clock.now();
  const failedVersion = operation.version;
  const back = turned(operation, { reason: input.reason, by: input.by, at: now, failedVersion });
  const { draft, placed } = resumeDraft(
    { ...snapshot, operation: back },
    {
      actor: input.by,
      rule: input.decision.rule,
      waits: deps.waits,
      now,
      batchIdFor: () => null,
    },
  );
  const audit = {
    at: now,
    actor: input.by,
    action: 'rotation.rollback-started',
    decision: input.decision,
    operationId: operation.id,
    detail: { from: failedVersion, to: back.version, reason: input.reason },
  };
  return { draft: { ...draft, audit }, placed };
}

/**
 * Switches back within the bake; again is the same.
 * @throws KeyturnError `OperationNotFound`; `TransitionForbidden` with what stands against it
 */
export async function rollBack(deps: RollBackDeps, input: RollBackInput): Promise<void> {
  const known = await readRotation(deps.ledger, input.operationId);
  const placed = await mutateKey<Placed | null>(deps.ledger, known.key, (snapshot) => {
    const operation = snapshot.operation?.id === known.id ? snapshot.operation : known;
    if (operation.rollback) return { draft: null, result: null };
    const why = obstacle(snapshot, operation);
    if (why) {
      throw new KeyturnError('TransitionForbidden', `${known.id} cannot go back: ${why}`, {
        details: { operationId: known.id },
      });
    }
    const started = rollBackDraft(deps, snapshot, operation, input);
    return { draft: started.draft, result: started.placed };
  });
  if (placed === null) return;
  await deps.workflows.start('rotate-key', known.id, placed.item.attempt, batchOfOne(placed));
}

export interface JudgeDeps extends RollBackDeps {
  readonly log: KeyUseLog;
  readonly classes: readonly ClassPolicy[];
}

/** Errors of the new version since the switch that its class does not bear; null when it does. */
async function breach(
  deps: Pick<JudgeDeps, 'log' | 'classes'>,
  { key }: KeySnapshot,
  operation: OperationRecord,
): Promise<string | null> {
  const since: Instant | null = recordedAt(operation, 'SwitchAlias');
  if (since === null) return null;
  const { calls, errors } = await deps.log.sumSince(key.name, operation.version, since);
  const policy = classOf(deps.classes, key.class);
  const limit = policy?.bake ?? DEFAULT_BREACH;
  const isBreach = errors >= limit.errors && errors >= limit.errorShare * calls;
  return isBreach ? `${errors} of ${calls} calls under version ${operation.version} failed` : null;
}

/**
 * Looks at a key whose errors were counted just now, and switches back when they are too many.
 * @returns true when a rollback was started by this look
 */
export async function judgeBake(deps: JudgeDeps, name: string): Promise<boolean> {
  const snapshot = await deps.ledger.readKey(name);
  const operation = snapshot?.operation;
  if (!snapshot || !operation || obstacle(snapshot, operation) !== null) return false;
  const reason = await breach(deps, snapshot, operation);
  if (reason === null) return false;
  await rollBack(deps, {
    operationId: operation.id,
    reason,
    by: 'system/bake-watch',
    decision: { effect: 'permit', rule: 'class-bake' },
  });
  return true;
}

export interface ReportInput {
  readonly operationId: string;
  readonly version: number;
  readonly calls: number;
  readonly errors: number;
}

/**
 * Takes a consumer's count of its calls since the switch, and judges at once.
 * @throws KeyturnError `OperationNotFound`; `TransitionForbidden` when the rotation is not in its bake;
 *   `ValidationFailed` for another version than the new one
 */
export async function reportUse(deps: JudgeDeps, input: ReportInput): Promise<boolean> {
  const operation = await readRotation(deps.ledger, input.operationId);
  if (!isBaking(operation)) {
    throw new KeyturnError(
      'TransitionForbidden',
      `${operation.id} is not in its bake; errors outside it belong to monitoring`,
      { details: { operationId: operation.id } },
    );
  }
  if (operation.version !== input.version) {
    throw new KeyturnError(
      'ValidationFailed',
      `${operation.id} is about version ${operation.version}, not ${input.version}`,
      { fields: [{ pointer: '/version', detail: `must be ${operation.version}` }] },
    );
  }
  const minute = `${deps.clock.now().slice(0, 16)}:00.000Z`;
  const { version, calls, errors } = input;
  await deps.log.addMinutes([{ key: operation.key, version, minute, calls, errors }]);
  return judgeBake(deps, operation.key);
}
