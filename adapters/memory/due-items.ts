// SPDX-License-Identifier: Apache-2.0
// What of a key is due, as the table's index shows it.
import { dueAt } from '#core/keys/due.ts';
import type { KeyRecord } from '#core/keys/records.ts';
import type { DueItem } from '#core/ports/ledger.ts';

export function toDueItem(key: KeyRecord): DueItem | null {
  const due = dueAt(key);
  if (due === null) return null;
  const operationId = key.lease?.operationId ?? null;
  return { kind: operationId ? 'operation' : 'key', name: key.name, operationId, dueAt: due };
}
