// SPDX-License-Identifier: Apache-2.0
// One record that holds all items of a kind, changed together with the approval that a change belongs to.
import type { Instant } from '../keys/records.ts';
import type { ApprovalChange } from '../ports/ledger.ts';
import type { Clock } from '../ports/platform.ts';
import { decidingAgain } from './decide-again.ts';

const MAX_TRIES = 4;

export interface Rows<Item> {
  readonly items: readonly Item[];
  readonly revision: number;
}

/** What a decision about the record wants. */
export interface RowsDraft<Item> {
  readonly items: readonly Item[];
  readonly approval: ApprovalChange;
}

/** What is decided on the items of now; a null draft means nothing is to be changed. */
export type DecideRows<Item, T> = (
  items: readonly Item[],
  now: Instant,
) => Promise<{ readonly draft: RowsDraft<Item> | null; readonly result: T }>;

/** Where the record lies, and how many items it takes. */
export interface RowsPort<Item> {
  readonly clock: Clock;
  read(): Promise<Rows<Item> | null>;
  /** @throws KeyturnError `RevisionConflict` when the record is not as expected */
  commit(
    expectedRevision: number | null,
    next: Rows<Item>,
    approval: ApprovalChange,
  ): Promise<void>;
  /** @throws KeyturnError when too many are in use */
  bounded(items: readonly Item[], now: Instant): readonly Item[];
}

/**
 * Reads, decides, commits; decides again when the record moved meanwhile.
 * @throws KeyturnError `RevisionConflict` after {@link MAX_TRIES} lost races, and what `decide` throws
 */
export async function mutateRows<Item, T>(
  port: RowsPort<Item>,
  decide: DecideRows<Item, T>,
): Promise<T> {
  return decidingAgain(MAX_TRIES, async () => {
    const known = await port.read();
    const now = port.clock.now();
    const { draft, result } = await decide(known?.items ?? [], now);
    if (!draft) return result;
    const next = { items: port.bounded(draft.items, now), revision: (known?.revision ?? 0) + 1 };
    await port.commit(known?.revision ?? null, next, draft.approval);
    return result;
  });
}
