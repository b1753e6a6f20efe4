// SPDX-License-Identifier: Apache-2.0
// Rows of escrow: sets and sessions lie in the key's partition and are read with the key; envelopes, which only
// custodians and recoveries need, lie apart.
import { PARTITION_KEY, SORT_KEY } from '#core/contract/table.ts';
import type {
  EscrowChange,
  EscrowRecords,
  EscrowSessionRecord,
  EscrowSetRecord,
  StoredShares,
} from '#core/escrow/records.ts';
import { type Item, keyPartition, toRecord } from './items.ts';

/** Behind `meta` in sort order, as everything that is read with a key. */
const SET_PREFIX = 'meta#escrow-set#';
const SESSION_PREFIX = 'meta#escrow-session#';

export const sharesAddress = (setId: string, generation: number): Item => ({
  [PARTITION_KEY]: `escrow#${setId}`,
  [SORT_KEY]: `generation#${String(generation).padStart(8, '0')}`,
});

const setItem = (set: EscrowSetRecord): Item => ({
  [PARTITION_KEY]: keyPartition(set.key),
  [SORT_KEY]: `${SET_PREFIX}${set.name}`,
  ...set,
});
const sessionItem = (session: EscrowSessionRecord): Item => ({
  [PARTITION_KEY]: keyPartition(session.key),
  [SORT_KEY]: `${SESSION_PREFIX}${session.name}`,
  ...session,
});
const sharesItem = (shares: StoredShares): Item => ({
  ...sharesAddress(shares.setId, shares.generation),
  ...shares,
});

export function escrowItems({ sets, sessions, shares }: EscrowChange = {}): readonly Item[] {
  return [
    ...(sets ?? []).map(setItem),
    ...(sessions ?? []).map(sessionItem),
    ...(shares ?? []).map(sharesItem),
  ];
}

/** What rows of a key's partition, in sort order, say of its escrow. */
export function escrowOf(rows: readonly Item[]): EscrowRecords {
  const below = (prefix: string) => rows.filter((row) => String(row[SORT_KEY]).startsWith(prefix));
  return {
    sets: below(SET_PREFIX).map((row) => toRecord<EscrowSetRecord>(row)),
    sessions: below(SESSION_PREFIX).map((row) => toRecord<EscrowSessionRecord>(row)),
  };
}
