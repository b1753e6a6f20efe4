// SPDX-License-Identifier: Apache-2.0
// How records lie in the one table. Partition by aggregate: a key and its versions are one partition, so that one
// strongly consistent Query reads them; each audit stream is a partition of its own.
import { createHash } from 'node:crypto';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import type { AuditRecord } from '#core/audit/chain.ts';
import {
  DUE_INDEX,
  LIST_INDEX,
  OWNER_INDEX,
  PARTITION_KEY,
  SHARDS,
  SORT_KEY,
  TTL_ATTRIBUTE,
} from '#core/contract/table.ts';
import type { Assignment } from '#core/keys/assignments.ts';
import type { ConsumerRecord } from '#core/keys/consumers.ts';
import { dueAt } from '#core/keys/due.ts';
import type { Instant, KeyRecord, OperationRecord, VersionRecord } from '#core/keys/records.ts';
import type { HoldRecord, ReencryptionRecord, SourceRecord } from '#core/keys/reencryption.ts';
import type { ApprovalFilter } from '#core/ports/approvals.ts';
import type { IdempotencyRecord, KeyChange } from '#core/ports/ledger.ts';
import type { PurgeWatch } from '#core/ports/purge-watches.ts';
import type { ReviewTask } from '#core/ports/reviews.ts';
import type { HsmTaskRecord, KeyStoreRecord } from '#core/provisioning/records.ts';
import type { RecoveryRecord } from '#core/recovery/records.ts';

export type Item = Record<string, unknown>;
const META = 'meta';
/** Sequence and version numbers are padded so that text order is number order. */
const pad = (value: number, width: number) => String(value).padStart(width, '0');

const at = (partition: string, sort: string = META): Item => ({
  [PARTITION_KEY]: partition,
  [SORT_KEY]: sort,
});

export const keyPartition = (name: string) => `key#${name}`;
export const auditPartition = (stream: string) => `audit#${stream}`;
export const keyStorePartition = (name: string) => `key-store#${name}`;
export const auditSort = (sequence: number) => pad(sequence, 12);
export const VERSION_PREFIX = 'version#';
/** Behind `meta` in sort order, so that one query reads the key, whose revision decides, before its consumers. */
export const CONSUMER_PREFIX = 'meta#consumer#';
/** Behind `meta` in sort order, as everything that is read with a key. */
export const SOURCE_PREFIX = 'meta#source#';
export const HOLD_PREFIX = 'meta#hold#';
export const ASSIGNMENT_PREFIX = 'meta#assignment#';
export const REENCRYPTION_SORT = 'meta#reencryption';
export const PURGE_WATCH_SORT = 'meta#purge-watch';
export const TASK_PREFIX = 'task#';
export const RECOVERY_PREFIX = 'recovery#';

export const keyAddress = (name: string) => at(keyPartition(name));
export const versionAddress = (name: string, version: number) =>
  at(keyPartition(name), `${VERSION_PREFIX}${pad(version, 8)}`);
export const consumerAddress = (key: string, name: string) =>
  at(keyPartition(key), `${CONSUMER_PREFIX}${name}`);
export const operationAddress = (id: string) => at(`operation#${id}`);
export const vaultKeyAddress = (keyId: string) => at(`vault-key#${keyId}`);
export const idempotencyAddress = (scope: string) => at(`idempotency#${scope}`);
export const keyStoreAddress = (name: string) => at(keyStorePartition(name));
export const TOTAL_PREFIX = 'total#';
export const HOUR_PREFIX = 'hour#';
/** Rows of the record of key use, inside a key's partition of it. */
export const keyUseSort = {
  total: (version: number, principal: string) => `${TOTAL_PREFIX}${pad(version, 8)}#${principal}`,
  minute: (version: number, minute: string) => `minute#${pad(version, 8)}#${minute}`,
  hour: (hour: string) => `${HOUR_PREFIX}${hour}`,
};
export const keyUseAddress = (key: string, sort: string) => at(`use#${key}`, sort);
export const startSlotAddress = (className: string, hour: string) =>
  at(`start-slots#${className}`, hour);
/** Counts by class, spread so that concurrent rotations seldom meet on one row. */
export const occupancyPartition = (keyStore: string) => `occupancy#${keyStore}`;
export const occupancyAddress = (keyStore: string, className: string, shard: number) =>
  at(occupancyPartition(keyStore), `${className}#${shard}`);
export const taskAddress = (keyStore: string, id: string) =>
  at(keyStorePartition(keyStore), `${TASK_PREFIX}${id}`);
export const auditAddress = (stream: string, sequence: number) =>
  at(auditPartition(stream), auditSort(sequence));

export const approvalAddress = (id: string) => at(`approval#${id}`);
/** Apart from the request, so that no read of one brings the token along. */
export const ballotAddress = (id: string) => at(`approval#${id}`, 'ballot');

/** Of the whole stage: small, and read whole. */
export const elevationsAddress = () => at('elevations');
export const pauseAddress = () => at('pause');
export const brakeAddress = (id: string) => at(`brake#${id}`);
/** Which brakes hold, and which ended last. */
export const brakesAddress = () => at('brakes');
export const passkeysAddress = () => at('passkeys');

/** Equal copies of what is denied by scope: each use of a key reads one. */
export const SCOPE_DENIAL_COPIES = 8;
export const scopeAddress = (id: string) => at(`scope#${id}`);
export const scopeLiftsAddress = () => at('scope-lifts');
export const scopeDenialsAddress = (copy: number) => at(`scope-denials#${copy}`);
/** The copy that uses of a key read. */
export const denialCopyOf = (name: string) => shardOf(name) % SCOPE_DENIAL_COPIES;
export const reviewAddress = (operationId: string) => at(`review#${operationId}`);
export const INCIDENTS_PARTITION = 'incidents';
export const DRILLS_PARTITION = 'drills';
export const drillAddress = (id: string) => at(DRILLS_PARTITION, id);
export const incidentAddress = (id: string) => at(INCIDENTS_PARTITION, id);

/** Shard of a name in the indexes: stable, evenly spread. */
export function shardOf(name: string): number {
  return (createHash('sha256').update(name).digest()[0] ?? 0) % SHARDS;
}
export const duePartition = (shard: number) => `due#${shard}`;
export const dueReencryptionPartition = (shard: number) => `due-reencryption#${shard}`;
export const dueDestructionPartition = (shard: number) => `due-destruction#${shard}`;
export const duePurgePartition = (shard: number) => `due-purge#${shard}`;
export const dueReviewPartition = (shard: number) => `due-review#${shard}`;
export const dueApprovalPartition = (shard: number) => `due-approval#${shard}`;
export const approvalsPartition = (filter: ApprovalFilter, shard: number) =>
  `approvals-${filter}#${shard}`;
export const listPartition = (shard: number) => `keys#${shard}`;
/** Partition of the list that has the keys of an application or a host. */
export const assignmentPartition = (kind: string, value: string, shard: number) =>
  `${kind}#${value}#${shard}`;
export const ownerPartition = (owner: string, shard: number) => `owner#${owner}#${shard}`;

/** The place in the index of what is due; none for a row that waits for nothing. */
const whenDue = (due: Instant | null | undefined, partition: string, sort: string) =>
  due
    ? // The name makes the sort key unique, so that equal due dates page well.
      { [DUE_INDEX.partition]: partition, [DUE_INDEX.sort]: `${due}#${sort}` }
    : {};

export function keyItem(key: KeyRecord): Item {
  const shard = shardOf(key.name);
  return {
    ...keyAddress(key.name),
    ...key,
    [LIST_INDEX.partition]: listPartition(shard),
    [LIST_INDEX.sort]: key.name,
    [OWNER_INDEX.partition]: ownerPartition(key.owner, shard),
    ...(key.lease ? { leaseOperationId: key.lease.operationId } : {}),
    ...whenDue(dueAt(key), duePartition(shard), key.name),
  };
}

/** Where a key is found by what it is assigned to; one row for each kind, which leaves the list with the assignment. */
export function assignmentItem(key: string, { kind, value }: Assignment): Item {
  return {
    ...at(keyPartition(key), `${ASSIGNMENT_PREFIX}${kind}`),
    kind,
    ...(value === null
      ? {}
      : {
          value,
          [LIST_INDEX.partition]: assignmentPartition(kind, value, shardOf(key)),
          [LIST_INDEX.sort]: key,
        }),
  };
}

export const dataKeyPartition = (parent: string, shard: number) => `data-keys#${parent}#${shard}`;
export const dataKeySort = ({ name, version }: VersionRecord) => `${name}#${pad(version, 8)}`;

export const versionItem = (version: VersionRecord): Item => ({
  ...versionAddress(version.name, version.version),
  ...version,
  // Where the data keys of a parent are found; its place stays the same when it is re-wrapped, so pages do not shift.
  ...(version.dataKey
    ? {
        [LIST_INDEX.partition]: dataKeyPartition(version.dataKey.parent, shardOf(version.name)),
        [LIST_INDEX.sort]: dataKeySort(version),
      }
    : {}),
  ...whenDue(
    version.destruction?.dueAt,
    dueDestructionPartition(shardOf(version.name)),
    `${version.name}#${version.version}`,
  ),
});
export const consumerItem = (consumer: ConsumerRecord): Item => ({
  ...consumerAddress(consumer.key, consumer.name),
  ...consumer,
});
export const sourceItem = (source: SourceRecord): Item => ({
  ...at(keyPartition(source.key), `${SOURCE_PREFIX}${source.name}`),
  ...source,
});
export const holdItem = (hold: HoldRecord): Item => ({
  ...at(keyPartition(hold.key), `${HOLD_PREFIX}${hold.name}`),
  ...hold,
});
export const reencryptionItem = (run: ReencryptionRecord): Item => ({
  ...at(keyPartition(run.key), REENCRYPTION_SORT),
  ...run,
  ...whenDue(run.dueAt, dueReencryptionPartition(shardOf(run.key)), run.key),
});
export const operationItem = (operation: OperationRecord): Item => ({
  ...operationAddress(operation.id),
  ...operation,
});
export const vaultKeyItem = (recorded: NonNullable<KeyChange['recordedKey']>): Item => ({
  ...vaultKeyAddress(recorded.keyId),
  ...recorded,
});
export const idempotencyItem = (record: IdempotencyRecord): Item => ({
  ...idempotencyAddress(record.scope),
  ...record,
  [TTL_ATTRIBUTE]: record.expiresAtEpochSeconds,
});
export const auditItem = (record: AuditRecord): Item => ({
  ...auditAddress(record.stream, record.sequence),
  ...record,
});
export const approvalItem = (approval: ApprovalRecord): Item => {
  const shard = shardOf(approval.id);
  return {
    ...approvalAddress(approval.id),
    ...approval,
    [LIST_INDEX.partition]: approvalsPartition(approval.dueAt === null ? 'ended' : 'open', shard),
    [LIST_INDEX.sort]: approval.id,
    ...whenDue(approval.dueAt, dueApprovalPartition(shard), approval.id),
  };
};
export const reviewItem = (task: ReviewTask): Item => ({
  ...reviewAddress(task.operationId),
  ...task,
  ...whenDue(task.dueAt, dueReviewPartition(shardOf(task.operationId)), task.operationId),
});
export const purgeWatchItem = (watch: PurgeWatch): Item => ({
  ...at(keyPartition(watch.key), PURGE_WATCH_SORT),
  ...watch,
  ...whenDue(watch.dueAt, duePurgePartition(shardOf(watch.key)), watch.key),
});
export const keyStoreItem = (keyStore: KeyStoreRecord): Item => ({
  ...keyStoreAddress(keyStore.name),
  ...keyStore,
});
export const taskItem = (task: HsmTaskRecord): Item => ({
  ...taskAddress(task.keyStore, task.id),
  ...task,
});

export const recoveryItem = (recovery: RecoveryRecord): Item => ({
  ...at(keyStorePartition(recovery.keyStore), `${RECOVERY_PREFIX}${recovery.id}`),
  ...recovery,
});

/** A record without the attributes that only the table needs. */
export function toRecord<T>(item: Item): T {
  const {
    [PARTITION_KEY]: _pk,
    [SORT_KEY]: _sk,
    [DUE_INDEX.partition]: _duePk,
    [DUE_INDEX.sort]: _dueSk,
    [LIST_INDEX.partition]: _listPk,
    [LIST_INDEX.sort]: _listSk,
    [OWNER_INDEX.partition]: _ownerPk,
    leaseOperationId: _lease,
    ...record
  } = item;
  // Items of this table are written by this adapter only, in the shape of the record.
  return record as T;
}

/** One row for the whole deployment. */
export const DECISION_POLICY_ADDRESS: Item = {
  [PARTITION_KEY]: 'policy#decisions',
  [SORT_KEY]: 'meta',
};
