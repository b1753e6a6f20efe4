// SPDX-License-Identifier: Apache-2.0
// Use case: a consumer says that its caches hold nothing of a stopped key any more. Those with a webhook say so by their
// answer to the notice; this is for the others, and for an operator whom their people told.
import { KeyturnError } from '../errors.ts';
import { type ConsumerRecord, containmentsOf, noticeOf, withStop } from '../keys/consumers.ts';
import type { KeySnapshot, Ledger } from '../ports/ledger.ts';
import type { Clock, Decision } from '../ports/platform.ts';
import { type Draft, mutateKey } from './mutate-key.ts';
import { consumerNotFound } from './register-consumer.ts';

export interface PurgeDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
}

export interface PurgeInput {
  readonly key: string;
  readonly consumer: string;
  /** The revocation or suspension that the caches were emptied for: the notice names it. */
  readonly operationId: string;
  readonly by: string;
  readonly decision: Decision;
}

/** The consumer as it is now, and the key that its word was taken for. */
export interface Purged {
  readonly snapshot: KeySnapshot;
  readonly consumer: ConsumerRecord;
}

/** What stands now and is answered, as the consumer was told of it. */
function answeredStop(
  snapshot: KeySnapshot,
  consumer: ConsumerRecord,
  { operationId }: PurgeInput,
) {
  const { key } = snapshot;
  const standing = containmentsOf(snapshot);
  const [held] = standing;
  if (!held)
    throw new KeyturnError(
      'TransitionForbidden',
      `nothing of ${key.name} is stopped now; there is nothing to purge for`,
      { details: { key: key.name, state: key.state } },
    );
  if (standing.some((one) => one.operationId === operationId))
    return noticeOf(consumer, operationId);
  // An answer to what was lifted or made stronger meanwhile says nothing of caches filled since.
  throw new KeyturnError(
    'ValidationFailed',
    `${key.name} is stopped by ${held.operationId}, not by ${operationId}`,
    { fields: [{ pointer: '/operationId', detail: `must be ${held.operationId}` }] },
  );
}

function purged(
  deps: PurgeDeps,
  snapshot: KeySnapshot,
  input: PurgeInput,
): { draft: Draft | null; result: Purged } {
  const known = snapshot.consumers.find(({ name }) => name === input.consumer);
  if (!known) throw consumerNotFound(input.key, input.consumer);
  const at = deps.clock.now();
  const { operationId, toldAt, purgedAt } = answeredStop(snapshot, known, input);
  if (purgedAt !== null) return { draft: null, result: { snapshot, consumer: known } };
  const changed = { ...known, ...withStop(known, snapshot, { operationId, toldAt, purgedAt: at }) };
  const draft: Draft = {
    consumers: [changed],
    audit: {
      at,
      actor: input.by,
      action: 'consumer.purged',
      decision: input.decision,
      operationId,
      detail: { consumer: known.name, principal: known.principal },
    },
  };
  return { draft, result: { snapshot, consumer: changed } };
}

/**
 * Records that a consumer's caches are empty; again is the same.
 * @throws KeyturnError `KeyNotFound`, `ConsumerNotFound`; `TransitionForbidden` when nothing is stopped,
 *   `ValidationFailed` when it is stopped by something else
 */
export async function acknowledgePurge(deps: PurgeDeps, input: PurgeInput): Promise<Purged> {
  return mutateKey(deps.ledger, input.key, (snapshot) => purged(deps, snapshot, input));
}
