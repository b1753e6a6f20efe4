// SPDX-License-Identifier: Apache-2.0
// Rows as the table's stream shows them: attribute values of the DynamoDB API, not those of the document client.
import type { AuditRecord } from '#core/audit/chain.ts';
import { PARTITION_KEY } from '#core/contract/table.ts';
import { KeyturnError } from '#core/errors.ts';
import { auditPartition, toRecord } from './items.ts';

/** A value of the kinds that audit rows have. @throws KeyturnError `InternalError` for every other kind */
function attributeValue(attribute: unknown): unknown {
  const [kind, value] = Object.entries(Object(attribute))[0] ?? [];
  if (kind === 'S' || kind === 'BOOL') return value;
  if (kind === 'N') return Number(value);
  if (kind === 'NULL') return null;
  if (kind === 'M') return membersOf(Object(value));
  throw new KeyturnError('InternalError', `an audit row has an attribute of kind ${kind}`);
}

function membersOf(attributes: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [name, attributeValue(attribute)]),
  );
}

/** The audit record in a new image; null for every other row. */
export function fromImage(
  image: Readonly<Record<string, unknown>> | undefined,
): AuditRecord | null {
  if (!image || !String(attributeValue(image[PARTITION_KEY])).startsWith(auditPartition('')))
    return null;
  return toRecord<AuditRecord>(membersOf(image));
}
