// SPDX-License-Identifier: Apache-2.0
// Names of the one DynamoDB table's attributes and indexes. The table construct and the adapter share them.

export const PARTITION_KEY = 'pk';
export const SORT_KEY = 'sk';
/** Epoch seconds after which DynamoDB may remove the item; only idempotency rows have it. */
export const TTL_ATTRIBUTE = 'expiresAtEpochSeconds';

/** Sparse index of what is due: keys by `nextRotationAt`, open operations by `leaseExpiresAt`. */
export const DUE_INDEX = { name: 'due', partition: 'duePk', sort: 'dueSk' } as const;
/** Keys by name, for lists. */
export const LIST_INDEX = { name: 'list', partition: 'listPk', sort: 'listSk' } as const;

/** Keys by owner and name: what somebody is accountable for, and what is left behind when they go. */
export const OWNER_INDEX = { name: 'owner', partition: 'ownerPk', sort: 'listSk' } as const;

/**
 * Shards of the indexes: one partition takes 1,000 writes/s (DynamoDB developer guide, partitions), and a
 * query per shard keeps sweep and list at a fixed number of queries however many keys there are.
 */
export const SHARDS = 8;
