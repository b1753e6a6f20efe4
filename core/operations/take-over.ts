// SPDX-License-Identifier: Apache-2.0
// What becomes of the operation that holds a key when the key is contained. Containment never waits: it takes the key with
// a higher fence, so that the other writes nothing more. A suspension keeps the other parked until it is lifted; a
// revocation of the key ends it; a revocation of one version hands the key back to an operation that leads away from it.

import type { ContainmentKind } from '../contract/vocabulary.ts';
import type { OperationRecord } from '../keys/records.ts';
import type { KeySnapshot } from '../ports/ledger.ts';

export interface TakenOver {
  /** The operations whose records change. */
  readonly operations: readonly OperationRecord[];
  /** True when a step of it may be under way this moment. */
  readonly wasRunning: boolean;
  /** Goes on when the suspension is lifted. */
  readonly resumes?: string;
  /** Goes on when this containment is confirmed. */
  readonly handsBack?: string;
}

interface Asked {
  readonly version: number | null;
  readonly kind: ContainmentKind;
}

const OF_CONTAINMENT: readonly OperationRecord['kind'][] = [
  'revoke-key',
  'suspend-key',
  'resume-key',
];
const BORN: readonly OperationRecord['kind'][] = ['generate-key', 'adopt-key'];

const ended = (operation: OperationRecord, id: string, now: string): OperationRecord => ({
  ...operation,
  state: 'compensated',
  endedAt: now,
  retryAt: null,
  cause: `${id} contained the key`,
});

const waiting = (operation: OperationRecord, id: string): OperationRecord => ({
  ...operation,
  state: 'parked',
  retryAt: null,
  cause: `waits behind ${id}, which contained the key`,
});

/** True when a version's revocation leaves the operation its purpose. */
function leadsAway({ kind, version }: OperationRecord, asked: Asked): boolean {
  return asked.version !== null && version !== asked.version && !BORN.includes(kind);
}

/**
 * @param parked the operation that waits behind an earlier containment of the key, if one does
 */
export function takeOver(
  { key, operation: held }: KeySnapshot,
  asked: Asked,
  {
    id,
    now,
    parked,
  }: { readonly id: string; readonly now: string; readonly parked: OperationRecord | null },
): TakenOver {
  const isContainment = held !== null && OF_CONTAINMENT.includes(held.kind);
  const replaced = held !== null && isContainment ? [ended(held, id, now)] : [];
  const base = isContainment || held === null ? parked : held;
  const wasRunning = held?.state === 'running';
  if (base === null) return { operations: replaced, wasRunning };
  if (asked.kind === 'suspension')
    return { operations: [...replaced, waiting(base, id)], wasRunning, resumes: base.id };
  if (!leadsAway(base, asked))
    return { operations: [...replaced, ended(base, id, now)], wasRunning };
  const others = [...replaced, waiting(base, id)];
  // Behind a suspension of the key it goes on waiting for that.
  return key.containment
    ? { operations: others, wasRunning }
    : { operations: others, wasRunning, handsBack: base.id };
}
