// SPDX-License-Identifier: Apache-2.0
// Use cases around a rotation that waits for its consumers: acknowledge, give more time, take it back. The
// acknowledgement that completes the set raises the fence and starts the next attempt, and so does taking it back, whose
// next attempt undoes; should that start be lost, the sweep has it.
import { KeyturnError } from '../errors.ts';
import { answering, type ConsumerRecord } from '../keys/consumers.ts';
import type { Instant, OperationRecord } from '../keys/records.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision, Workflows } from '../ports/platform.ts';
import { later } from './admit-operation.ts';
import { isWaiting, laggards, nextLook } from './await-acknowledgements.ts';
import { batchOfOne, type Placed, rotationWorkflow } from './batches.ts';
import type { Waits } from './begin-operation.ts';
import { type Draft, mutateKey } from './mutate-key.ts';
import { consumerNotFound } from './register-consumer.ts';
import { resumeDraft } from './resume-operation.ts';
import { isRecorded } from './run-step.ts';

/** Longest time that a person may give; our own bound. */
const MAX_EXTENSION_SECONDS = 30 * 86_400;

export interface RotationDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
}

export interface AcknowledgeDeps extends RotationDeps {
  readonly workflows: Workflows;
  readonly waits: Waits;
}

/** A rotation by its id. @throws KeyturnError `OperationNotFound` for everything else */
export async function readRotation(ledger: Ledger, id: string): Promise<OperationRecord> {
  const operation = await ledger.readOperation(id);
  if (operation?.kind === 'rotate-key') return operation;
  throw new KeyturnError('OperationNotFound', 'no rotation has this id; ids begin with op_');
}

/** The operation as the snapshot has it, where it still holds the key. */
function current({ operation }: KeySnapshot, known: OperationRecord): OperationRecord {
  return operation?.id === known.id ? operation : known;
}

export interface AcknowledgeInput {
  readonly operationId: string;
  readonly consumer: string;
  /** The version that the consumer is ready for, or runs. */
  readonly version: number;
  readonly by: string;
  readonly decision: Decision;
}

function checkAcknowledgeable(operation: OperationRecord, version: number): void {
  if (operation.state === 'compensated' || operation.acknowledgement === undefined) {
    const why = operation.state === 'compensated' ? 'was undone' : 'has told no consumers';
    throw new KeyturnError(
      'TransitionForbidden',
      `${operation.id} ${why}; there is nothing to acknowledge`,
      {
        details: { operationId: operation.id },
      },
    );
  }
  if (operation.version === version) return;
  throw new KeyturnError(
    'ValidationFailed',
    `${operation.id} stages version ${operation.version}, not ${version}`,
    { fields: [{ pointer: '/version', detail: `must be ${operation.version}` }] },
  );
}

function acknowledged(
  deps: AcknowledgeDeps,
  snapshot: KeySnapshot,
  consumer: ConsumerRecord,
  operation: OperationRecord,
  input: AcknowledgeInput,
): { draft: Draft; placed: Placed | null } {
  const now = deps.clock.now();
  const changed = {
    ...consumer,
    acknowledgedVersion: input.version,
    acknowledgedAt: now,
    lastSeenVersion: input.version,
    lastSeenAt: now,
  };
  const consumers = snapshot.consumers.map((known) => (known === consumer ? changed : known));
  const isLast = isWaiting(operation) && laggards({ consumers }, operation, now).length === 0;
  // The next attempt of a rotation that nobody holds up any more, in an execution of its own.
  const who = { actor: input.by, rule: input.decision.rule, batchIdFor: () => null };
  const next = isLast ? resumeDraft(snapshot, { ...who, waits: deps.waits, now }) : null;
  const draft: Draft = {
    ...next?.draft,
    consumers: [changed],
    audit: {
      at: now,
      actor: input.by,
      action: 'consumer.acknowledged',
      decision: input.decision,
      operationId: operation.id,
      detail: { consumer: consumer.name, version: input.version, isLast },
    },
  };
  return { draft, placed: next?.placed ?? null };
}

/** Starts the attempt that was recorded. */
async function startNext(deps: AcknowledgeDeps, id: string, placed: Placed): Promise<void> {
  const workflow = rotationWorkflow(placed.entry);
  await deps.workflows.start(workflow, id, placed.item.attempt, batchOfOne(placed));
}

/**
 * Takes a consumer's word that it is ready for the version of a rotation; again is the same.
 * @throws KeyturnError `OperationNotFound`, `ConsumerNotFound`, `ValidationFailed`, `TransitionForbidden`
 */
export async function acknowledge(
  deps: AcknowledgeDeps,
  input: AcknowledgeInput,
): Promise<ConsumerRecord> {
  const known = await readRotation(deps.ledger, input.operationId);
  const { placed, consumer } = await mutateKey<{
    placed: Placed | null;
    consumer: ConsumerRecord;
  }>(deps.ledger, known.key, (snapshot) => {
    const operation = current(snapshot, known);
    const found = snapshot.consumers.find(({ name }) => name === input.consumer);
    if (!found) throw consumerNotFound(known.key, input.consumer);
    checkAcknowledgeable(operation, input.version);
    if (found.acknowledgedVersion === input.version)
      return { draft: null, result: { placed: null, consumer: found } };
    const change = acknowledged(deps, snapshot, found, operation, input);
    const [changed] = change.draft.consumers ?? [];
    return {
      draft: change.draft,
      result: { placed: change.placed, consumer: changed ?? found },
    };
  });
  if (placed) await startNext(deps, known.id, placed);
  return consumer;
}

export interface ExtendInput {
  readonly operationId: string;
  readonly until: Instant;
  readonly reason: string | null;
  readonly by: string;
  readonly decision: Decision;
}

function checkExtendable(operation: OperationRecord, until: Instant, now: Instant): void {
  if (!isWaiting(operation) || !operation.acknowledgement) {
    throw new KeyturnError(
      'TransitionForbidden',
      `${operation.id} does not wait for acknowledgements now`,
      { details: { operationId: operation.id } },
    );
  }
  const isFurther = until >= operation.acknowledgement.deadlineAt && until > now;
  if (isFurther && until <= later(now, MAX_EXTENSION_SECONDS)) return;
  throw new KeyturnError(
    'ValidationFailed',
    `the new deadline must come after ${operation.acknowledgement.deadlineAt} and lie within 30 days`,
    { fields: [{ pointer: '/until', detail: 'is no later deadline within 30 days' }] },
  );
}

/**
 * Gives the consumers of a waiting rotation until an instant; the same instant again changes nothing.
 * @throws KeyturnError `OperationNotFound`, `TransitionForbidden`, `ValidationFailed`
 */
export async function extendAcknowledgement(deps: RotationDeps, input: ExtendInput): Promise<void> {
  const known = await readRotation(deps.ledger, input.operationId);
  await mutateKey(deps.ledger, known.key, (snapshot) => {
    const operation = current(snapshot, known);
    const now = deps.clock.now();
    checkExtendable(operation, input.until, now);
    const { acknowledgement: wait } = operation;
    const { lease } = snapshot.key;
    if (!wait || !lease || wait.deadlineAt === input.until)
      return { draft: null, result: undefined };
    const extended = { ...wait, deadlineAt: input.until, remindedPercent: 0 };
    const expiresAt = nextLook(snapshot, operation, extended, now);
    const draft: Draft = {
      key: { lease: { ...lease, expiresAt } },
      operation: { ...operation, acknowledgement: extended },
      audit: {
        at: now,
        actor: input.by,
        action: 'acknowledgement.extended',
        decision: input.decision,
        operationId: operation.id,
        detail: {
          version: operation.version,
          deadlineAt: input.until,
          owner: snapshot.key.owner,
          lagging: laggards(snapshot, operation, now)
            .map(({ name }) => name)
            .join(','),
          reason: input.reason,
        },
      },
    };
    return { draft, result: undefined };
  });
}

export interface CancelInput {
  readonly operationId: string;
  readonly reason: string;
  readonly by: string;
  readonly decision: Decision;
}

/** What stands against taking a rotation back, and what helps instead. */
function uncancellable(operation: OperationRecord): KeyturnError {
  const ended = operation.state !== 'running' && operation.state !== 'parked';
  const hasSwitched = isRecorded(operation, 'SwitchAlias');
  let why =
    'it does not wait for consumers now; one that fails before its switch is undone by itself';
  if (hasSwitched) why = 'it has switched; "rotation rollback" leads back within its bake';
  if (ended) why = `it is ${operation.state}`;
  return new KeyturnError('TransitionForbidden', `${operation.id} cannot be cancelled: ${why}`, {
    details: { operationId: operation.id },
  });
}

/**
 * Takes back a rotation that waits for its consumers: its next attempt undoes it, as when nobody acknowledged; again is the
 * same.
 * @throws KeyturnError `OperationNotFound`; `TransitionForbidden` with what stands against it
 */
export async function cancelRotation(deps: AcknowledgeDeps, input: CancelInput): Promise<void> {
  const known = await readRotation(deps.ledger, input.operationId);
  const placed = await mutateKey<Placed | null>(deps.ledger, known.key, (snapshot) => {
    const operation = current(snapshot, known);
    if (operation.acknowledgement?.cancelled) return { draft: null, result: null };
    if (!isWaiting(operation) || !operation.acknowledgement) throw uncancellable(operation);
    const now = deps.clock.now();
    const who = { actor: input.by, rule: input.decision.rule, batchIdFor: () => null };
    const next = resumeDraft(snapshot, { ...who, waits: deps.waits, now });
    const { by, reason } = input;
    const cancelled = { by, at: now, reason };
    const draft: Draft = {
      ...next.draft,
      operation: {
        ...(next.draft.operation ?? operation),
        acknowledgement: { ...operation.acknowledgement, cancelled },
      },
      audit: {
        at: now,
        actor: by,
        action: 'rotation.cancelled',
        decision: input.decision,
        operationId: operation.id,
        detail: {
          version: operation.version,
          lagging: laggards(snapshot, operation, now)
            .map(({ name }) => name)
            .join(','),
          reason,
        },
      },
    };
    return { draft, result: next.placed };
  });
  if (placed) await startNext(deps, known.id, placed);
}

/** Where a rotation stands with its consumers. */
export interface RotationStatus {
  readonly operation: OperationRecord;
  readonly isWaiting: boolean;
  readonly lagging: readonly string[];
  readonly consumers: readonly ConsumerRecord[];
}

/** The status of a rotation as the snapshot of its key shows it. */
export function rotationStatus(
  snapshot: KeySnapshot,
  known: OperationRecord,
  now: Instant,
): RotationStatus {
  const operation = current(snapshot, known);
  const lagging = laggards(snapshot, operation, now).map(({ name }) => name);
  const consumers = answering(snapshot.consumers);
  return { operation, isWaiting: isWaiting(operation) && lagging.length > 0, lagging, consumers };
}
