// SPDX-License-Identifier: Apache-2.0
// Act `rotation.force`: a waiting rotation switches although consumers did not answer. Those who have not acknowledged
// are named in the request; one that joins them meanwhile was not agreed on, one that answers meanwhile does no harm.
import { KeyturnError } from '../../errors.ts';
import type { ConsumerRecord } from '../../keys/consumers.ts';
import type { OperationRecord } from '../../keys/records.ts';
import { readRotation } from '../../operations/acknowledge-rotation.ts';
import { isWaiting, laggards } from '../../operations/await-acknowledgements.ts';
import { batchOfOne, rotationWorkflow } from '../../operations/batches.ts';
import type { Waits } from '../../operations/begin-operation.ts';
import { keyNotFound, mutateKey } from '../../operations/mutate-key.ts';
import { resumeDraft } from '../../operations/resume-operation.ts';
import type { KeySnapshot, Ledger } from '../../ports/ledger.ts';
import type { Clock } from '../../ports/platform.ts';
import type { Act } from '../act.ts';
import { blastOf } from '../blast-radius.ts';

export interface ForceRotationDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly waits: Waits;
}

interface Held {
  readonly operation: OperationRecord;
  readonly lagging: readonly ConsumerRecord[];
}

/** @throws KeyturnError `TransitionForbidden` when it does not wait for anybody */
function requireHeld(snapshot: KeySnapshot, id: string, now: string): Held {
  const { operation } = snapshot;
  const lagging = operation ? laggards(snapshot, operation, now) : [];
  if (operation?.id === id && isWaiting(operation) && lagging.length > 0)
    return { operation, lagging };
  throw new KeyturnError(
    'TransitionForbidden',
    `${id} does not wait for acknowledgements now; "rotation status ${id}" shows where it is`,
    { details: { operationId: id } },
  );
}

/** What the rotation would be forced over; the names of the lagging are parameters, so fewer of them are no change. */
function basisOf({ key }: KeySnapshot, { operation }: Held) {
  return {
    operationId: operation.id,
    version: operation.version,
    previousVersion: operation.previousVersion,
    currentKeyId: key.currentKeyId,
  };
}

const namesOf = (consumers: readonly ConsumerRecord[]) => consumers.map(({ name }) => name).sort();

export const forceRotation: Act<ForceRotationDeps> = {
  action: 'rotation.force',

  async describe({ ledger, clock }, { operationId }) {
    const known = await readRotation(ledger, operationId ?? '');
    const snapshot = await ledger.readKey(known.key);
    if (!snapshot) throw keyNotFound(known.key);
    const held = requireHeld(snapshot, known.id, clock.now());
    const names = namesOf(held.lagging);
    const { key } = snapshot;
    return {
      key: key.name,
      version: held.operation.version,
      operationId: known.id,
      parameters: { lagging: names.join(',') },
      what: `Switch ${key.name} to v${held.operation.version} without waiting for ${names.join(', ')}`,
      class: key.class,
      environment: key.environment,
      blast: blastOf(snapshot, {
        affected: held.lagging,
        undo: 'rotation rollback, until its bake ends; the old version stays readable',
      }),
      basis: basisOf(snapshot, held),
    };
  },

  async execute({ ledger, clock, waits }, approval, consume) {
    const id = approval.operationId ?? '';
    const agreed = String(approval.parameters['lagging'] ?? '').split(',');
    return mutateKey(ledger, approval.key ?? '', (snapshot) => {
      const now = clock.now();
      const held = requireHeld(snapshot, id, now);
      const others = namesOf(held.lagging).filter((name) => !agreed.includes(name));
      if (others.length > 0 || !held.operation.acknowledgement)
        throw new KeyturnError(
          'ApprovalStale',
          `${others.join(', ')} would break too, which nobody agreed to; ask again`,
        );
      const acknowledgement = { ...held.operation.acknowledgement, forcedBy: approval.id };
      const forced = { ...snapshot, operation: { ...held.operation, acknowledgement } };
      const who = { actor: approval.requestedBy, rule: approval.rule.name };
      const { draft, placed } = resumeDraft(forced, { ...who, batchIdFor: () => null, waits, now });
      const audit = {
        ...draft.audit,
        action: 'rotation.forced',
        detail: {
          version: held.operation.version,
          approval: approval.id,
          without: agreed.join(','),
        },
      };
      return {
        draft: { ...draft, audit, approval: consume(basisOf(snapshot, held), id) },
        result: [
          {
            kind: rotationWorkflow(placed.entry),
            operationId: id,
            attempt: placed.item.attempt,
            input: batchOfOne(placed),
          },
        ],
      };
    });
  },
};
