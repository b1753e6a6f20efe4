// SPDX-License-Identifier: Apache-2.0
// What functions need that ask a quorum for the review of what somebody did alone.
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import type { Stage } from '#core/contract/vocabulary.ts';
import { brakeRows, electorate, ledger, reviewRows, scopeRows } from './wiring.ts';

/** Beside the workflows, which differ. */
export function reviewDeps({ TABLE_NAME, STAGE }: { TABLE_NAME: string; STAGE: Stage }) {
  const table = ledger(TABLE_NAME);
  return {
    ledger: table,
    approvals: table,
    decisions: table,
    electorate: electorate(STAGE, table),
    scopes: scopeRows(TABLE_NAME),
    brakes: brakeRows(TABLE_NAME),
    reviews: reviewRows(TABLE_NAME),
    stage: STAGE,
    clock: systemClock,
    ids: ulidIds,
  };
}
