// SPDX-License-Identifier: Apache-2.0
// A new attempt of an operation that stopped or waited: the fence rises, so that whatever still runs of the older
// attempt does nothing more, and the attempt starts behind the last segment that is recorded. The sweep resumes what
// ran out of time; whoever learns that what an operation waits for has happened resumes it at once.
import { precondition } from '../errors.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import { LEASE_SECONDS, later } from './admit-operation.ts';
import { batchItem, type Entry, entryOf, type Placed } from './batches.ts';
import type { Waits } from './begin-operation.ts';
import type { Draft } from './mutate-key.ts';

/** Who resumes, by which rule, and in which execution. */
export interface Resumption {
  readonly actor: string;
  readonly rule: string;
  readonly waits: Waits;
  readonly now: string;
  /** The batch to join, by where the attempt starts; null for an execution of its own. */
  readonly batchIdFor: (entry: Entry) => string | null;
}

/**
 * Draft of the next attempt of the operation that holds the key.
 * @throws KeyturnError `InternalError` when nothing holds it
 */
export function resumeDraft(
  { key, operation }: KeySnapshot,
  resumption: Resumption,
): { draft: Draft; placed: Placed } {
  precondition(key.lease && operation, 'an operation that is resumed holds its key');
  const { now, waits } = resumption;
  const attempt = operation.attempt + 1;
  const fence = key.fence + 1;
  const place = entryOf(key, operation, waits, now);
  // The waits in front of the steps are no time to lose the lease in.
  const expiresAt = later(now, LEASE_SECONDS + place.settleSeconds + place.bakeSeconds);
  const resumed = {
    ...operation,
    state: 'running' as const,
    attempt,
    retryAt: null,
    batchId: operation.kind === 'rotate-key' ? resumption.batchIdFor(place.entry) : null,
  };
  const draft: Draft = {
    key: { fence, lease: { operationId: operation.id, fence, expiresAt } },
    operation: resumed,
    audit: {
      at: now,
      actor: resumption.actor,
      action: 'operation.resumed',
      decision: { effect: 'permit', rule: resumption.rule },
      operationId: operation.id,
      detail: { attempt, cause: operation.cause },
    },
  };
  return { draft, placed: { ...place, item: batchItem(resumed, fence) } };
}
