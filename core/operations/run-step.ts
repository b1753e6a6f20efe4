// SPDX-License-Identifier: Apache-2.0
// The shape of a workflow step: load what the operation is about, refuse a fenced-off attempt, do the side effect,
// then record it with its audit row. A step that is already recorded returns at once, so every retry is harmless.
import type { AuditValue } from '../audit/chain.ts';
import type { Step } from '../contract/vocabulary.ts';
import { KeyturnError } from '../errors.ts';
import type { Instant, Lease, OperationRecord, VersionRecord } from '../keys/records.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock } from '../ports/platform.ts';
import { LEASE_SECONDS, later } from './admit-operation.ts';
import { type Draft, keyNotFound, mutateKey, versionOf } from './mutate-key.ts';

/** Names one attempt of an operation. [INV-09] what travels between states is ids and waits alone. */
export interface StepInput {
  readonly operationId: string;
  readonly key: string;
  readonly fence: number;
}

export interface StepDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/** What a step works on, read at its beginning. */
export interface StepContext {
  readonly snapshot: KeySnapshot;
  readonly operation: OperationRecord;
  readonly version: VersionRecord;
  readonly previous: VersionRecord | null;
}

/** Fails unless this attempt still holds the key. [INV-04] an attempt that was fenced off writes nothing. */
export function leasedContext(snapshot: KeySnapshot, input: StepInput): StepContext {
  const { lease } = snapshot.key;
  const { operation } = snapshot;
  if (lease?.operationId !== input.operationId || lease.fence !== input.fence || !operation) {
    throw new KeyturnError(
      'LeaseLost',
      `operation ${input.operationId} attempt ${input.fence} no longer holds ${input.key}; a newer attempt or its end replaced it`,
      { details: { operationId: input.operationId, fence: input.fence } },
    );
  }
  const previous = operation.previousVersion;
  return {
    snapshot,
    operation,
    version: versionOf(snapshot, operation.version),
    previous: previous === null ? null : versionOf(snapshot, previous),
  };
}

/**
 * Reads the step's context.
 * @param behind the step that this one rests on: a workflow that lost a state goes no further than there
 * @throws KeyturnError `KeyNotFound`, `LeaseLost`, `StepOutOfOrder` when `behind` is not recorded
 */
export async function openStep(
  deps: StepDeps,
  input: StepInput,
  behind?: Step,
): Promise<StepContext> {
  const snapshot = await deps.ledger.readKey(input.key);
  if (!snapshot) throw keyNotFound(input.key);
  const context = leasedContext(snapshot, input);
  if (behind !== undefined) requireBehind(context.operation, behind);
  return context;
}

/** @throws KeyturnError `StepOutOfOrder` when the step that the next one rests on is not recorded, or was undone */
export function requireBehind(operation: OperationRecord, behind: Step): void {
  if (isRecorded(operation, behind)) return;
  throw new KeyturnError(
    'StepOutOfOrder',
    `operation ${operation.id} has not recorded ${behind}: it failed before that and is undone, parked or resumed`,
    { details: { operationId: operation.id, behind } },
  );
}

/** Steps that closing the policy makes undone. */
const UNDONE_BY_CLOSING: readonly Step[] = ['OpenPolicy', 'ProbeOpen'];

/** Steps that are done again, for the old version, when a rotation goes back. */
const UNDONE_BY_ROLLBACK: readonly Step[] = [
  'OpenPolicy',
  'ProbeOpen',
  'SwitchAlias',
  'ProbeAlias',
  'RestrictPolicy',
  'ProbeDecryptOnly',
];

/** When the step was last recorded; null when it was not, or was undone since. */
export function recordedAt(operation: OperationRecord, step: Step): Instant | null {
  const indexOf = (name: Step) => operation.timeline.findLastIndex((entry) => entry.step === name);
  const index = indexOf(step);
  const isUndone =
    (UNDONE_BY_CLOSING.includes(step) && indexOf('ClosePolicy') > index) ||
    (UNDONE_BY_ROLLBACK.includes(step) && indexOf('RollBack') > index);
  return isUndone ? null : (operation.timeline[index]?.at ?? null);
}

/** True when the step is recorded and stands: it is not done again, and costs no call to the vault. */
export function isRecorded(operation: OperationRecord, step: Step): boolean {
  return recordedAt(operation, step) !== null;
}

/** The operation with one more step behind it. */
export function withStep(operation: OperationRecord, step: Step, at: string): OperationRecord {
  return { ...operation, step, timeline: [...operation.timeline, { step, at }] };
}

/** What a step changes besides the operation's own progress. */
export interface StepRecord {
  readonly action: string;
  readonly detail: Readonly<Record<string, AuditValue>>;
  readonly key?: NonNullable<Draft['key']>;
  readonly versions?: readonly VersionRecord[];
  readonly consumers?: NonNullable<Draft['consumers']>;
  readonly recordedKey?: NonNullable<Draft['recordedKey']>;
  readonly reencryption?: NonNullable<Draft['reencryption']>;
  readonly occupancy?: NonNullable<Draft['occupancy']>;
  readonly operation?: Partial<OperationRecord>;
  readonly otherOperations?: readonly OperationRecord[];
  readonly statuses?: NonNullable<Draft['statuses']>;
  readonly purgeWatch?: NonNullable<Draft['purgeWatch']>;
}

/** Progress keeps the lease: retries and waits before it may have used most of it up. */
function renewed(lease: Lease | null, at: string): Lease | null {
  if (lease === null) return null;
  const expiresAt = later(at, LEASE_SECONDS);
  return expiresAt > lease.expiresAt ? { ...lease, expiresAt } : lease;
}

/** Records a step once. @throws KeyturnError `LeaseLost`, `RevisionConflict` */
export async function recordStep(
  deps: StepDeps,
  input: StepInput,
  step: Step,
  decide: (context: StepContext) => StepRecord,
): Promise<void> {
  await mutateKey(deps.ledger, input.key, (snapshot) => {
    const context = leasedContext(snapshot, input);
    if (isRecorded(context.operation, step)) return { draft: null, result: undefined };
    const at = deps.clock.now();
    const { action, detail, operation, key, ...rest } = decide(context);
    const draft: Draft = {
      ...rest,
      key: { lease: renewed(snapshot.key.lease, at), ...key },
      operation: { ...withStep(context.operation, step, at), ...operation },
      audit: {
        at,
        actor: `workflow/${context.operation.kind}`,
        action,
        decision: { effect: 'permit', rule: 'lease-holder' },
        operationId: input.operationId,
        detail: { version: context.version.version, ...detail },
      },
    };
    return { draft, result: undefined };
  });
}
