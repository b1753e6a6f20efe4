// SPDX-License-Identifier: Apache-2.0
// Writes of a key's transaction that are conditions or sums in the table itself.
import { PARTITION_KEY } from '#core/contract/table.ts';
import type { KeyChange } from '#core/ports/ledger.ts';
import * as items from './items.ts';
import type { Write } from './table-rows.ts';

/** Adds to the count of a class. Numbers only grow by what the transaction itself records, so they are exact. */
export function countWrite(
  table: string,
  key: string,
  change: NonNullable<KeyChange['occupancy']>,
): Write {
  return {
    Update: {
      TableName: table,
      Key: items.occupancyAddress(change.keyStore, change.class, items.shardOf(key)),
      UpdateExpression: 'SET #class = :class ADD #keys :keys, #versions :versions',
      ExpressionAttributeNames: { '#class': 'class', '#keys': 'keys', '#versions': 'versions' },
      ExpressionAttributeValues: {
        ':class': change.class,
        ':keys': change.keys,
        ':versions': change.versions,
      },
    },
  };
}

/** Records which version a KMS key belongs to, unless it is recorded for another or a newer one. */
export function recordWrite(
  table: string,
  { replaces, ...recorded }: NonNullable<KeyChange['recordedKey']>,
): Write {
  const before = replaces ?? recorded;
  return {
    Put: {
      TableName: table,
      Item: items.vaultKeyItem(recorded),
      ConditionExpression: `attribute_not_exists(${PARTITION_KEY}) OR #givenBack = :true OR (#name = :name AND #version <= :version) OR (#name = :before AND #version = :beforeVersion)`,
      ExpressionAttributeNames: {
        '#name': 'name',
        '#version': 'version',
        '#givenBack': 'isGivenBack',
      },
      ExpressionAttributeValues: {
        ':name': recorded.name,
        ':version': recorded.version,
        ':before': before.name,
        ':beforeVersion': before.version,
        ':true': true,
      },
    },
  };
}
