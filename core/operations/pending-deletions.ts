// SPDX-License-Identifier: Apache-2.0
// Which versions KMS deletes by itself at a date: nothing here but cancelling each stops that.
import type { Instant } from '../keys/records.ts';
import type { Ledger } from '../ports/ledger.ts';

export interface PendingDeletion {
  readonly key: string;
  readonly version: number;
  readonly deletionAt: Instant;
}

/** Behind every date. */
const EVER = '9999';
/** As many as anybody reads; the earliest looks first. */
const MOST = 100;

/** The first hundred by when they are looked at next; in the order of their dates. */
export async function pendingDeletions({
  ledger,
}: {
  readonly ledger: Pick<Ledger, 'listDueDestructions' | 'readVersion'>;
}): Promise<readonly PendingDeletion[]> {
  const listed = await ledger.listDueDestructions(EVER, MOST);
  const versions = await Promise.all(
    listed.map(({ name, version }) => ledger.readVersion(name, version)),
  );
  return versions
    .flatMap((one) => {
      const deletionAt = one?.destruction?.phase === 'pending' && one.destruction.deletionAt;
      // Of tier `data` Keyturn erases it, and a pause holds that back.
      if (!one || !deletionAt || one.keyId === null) return [];
      return [{ key: one.name, version: one.version, deletionAt }];
    })
    .sort((a, b) => (a.deletionAt < b.deletionAt ? -1 : 1));
}
