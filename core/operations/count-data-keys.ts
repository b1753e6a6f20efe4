// SPDX-License-Identifier: Apache-2.0
// How many data keys lie wrapped under one KMS key: without it nobody opens them.

/** Shards that `listDataKeys` knows (`core/contract/table.ts`). */
import { SHARDS } from '../contract/table.ts';
import type { Ledger } from '../ports/ledger.ts';

const PAGE = 500;

export async function countDataKeys(
  ledger: Ledger,
  parent: string,
  keyId: string | null,
): Promise<number> {
  let count = 0;
  for (let shard = 0; shard < SHARDS; shard += 1) {
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<Ledger['listDataKeys']>> = await ledger.listDataKeys(
        parent,
        shard,
        after,
        PAGE,
      );
      count += page.items.filter(({ dataKey }) => dataKey?.keyId === keyId).length;
      after = page.nextCursor;
    } while (after !== null);
  }
  return count;
}
