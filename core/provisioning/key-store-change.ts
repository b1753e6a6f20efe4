// SPDX-License-Identifier: Apache-2.0
// One conditional change of a key store's record, with its audit record.
import { type AuditEntry, link } from '../audit/chain.ts';
import type { KeyStoreChange } from '../ports/ledger.ts';
import type { HsmTaskRecord, KeyStoreRecord } from './records.ts';

/** The name of a key store's audit stream. */
export const keyStoreStream = (name: string) => `key-store/${name}`;

/** The change of a record that holds for as long as nobody changed it meanwhile. */
export function toChange(
  current: KeyStoreRecord,
  patch: Partial<KeyStoreRecord>,
  audit: AuditEntry,
  tasks: readonly HsmTaskRecord[] = [],
): KeyStoreChange {
  const head = { sequence: current.revision, hash: current.auditHead };
  const record = link(keyStoreStream(current.name), head, audit);
  return {
    expectedRevision: current.revision,
    keyStore: { ...current, ...patch, revision: record.sequence, auditHead: record.hash },
    tasks,
    audit: record,
  };
}
