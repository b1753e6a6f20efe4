// SPDX-License-Identifier: Apache-2.0
// Queries on the sharded indexes: a fixed number of queries per page, however many keys there are; never a scan.
// Both are eventually consistent on AWS and only nominate candidates.
import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { DUE_INDEX, LIST_INDEX, OWNER_INDEX, SHARDS } from '#core/contract/table.ts';
import type { Instant, KeyRecord, VersionRecord } from '#core/keys/records.ts';
import type { ApprovalFilter } from '#core/ports/approvals.ts';
import type { DueItem, Page } from '#core/ports/ledger.ts';
import {
  approvalsPartition,
  assignmentPartition,
  dataKeyPartition,
  dataKeySort,
  dueApprovalPartition,
  dueDestructionPartition,
  duePartition,
  duePurgePartition,
  dueReencryptionPartition,
  dueReviewPartition,
  type Item,
  listPartition,
  ownerPartition,
  toRecord,
} from './items.ts';

interface IndexQuery {
  readonly index: { readonly name: string; readonly partition: string; readonly sort: string };
  readonly partition: string;
  readonly comparison: '>' | '<' | 'BETWEEN :from AND';
  readonly bound: string;
  /** The lower bound of BETWEEN. */
  readonly from?: string;
  readonly limit: number;
}

async function queryShard(
  client: DynamoDBDocumentClient,
  table: string,
  query: IndexQuery,
): Promise<Item[]> {
  const { index, partition, comparison, bound, from, limit } = query;
  const result = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: index.name,
      KeyConditionExpression: `${index.partition} = :partition AND ${index.sort} ${comparison} :bound`,
      ExpressionAttributeValues: {
        ':partition': partition,
        ':bound': bound,
        ...(from === undefined ? {} : { ':from': from }),
      },
      Limit: limit,
    }),
  );
  return result.Items ?? [];
}

async function queryShards(
  client: DynamoDBDocumentClient,
  table: string,
  toQuery: (shard: number) => IndexQuery,
): Promise<Item[]> {
  const shards = Array.from({ length: SHARDS }, (_, shard) =>
    queryShard(client, table, toQuery(shard)),
  );
  return (await Promise.all(shards)).flat();
}

const bySort = (sort: string) => (a: Item, b: Item) => (String(a[sort]) < String(b[sort]) ? -1 : 1);

/** Names of keys that are assigned to something, in name order; the records themselves are to be read. */
export async function listAssigned(
  client: DynamoDBDocumentClient,
  table: string,
  page: { kind: string; value: string; after: string | null; limit: number },
): Promise<Page<string>> {
  const rows = await queryShards(client, table, (shard) => ({
    index: LIST_INDEX,
    partition: assignmentPartition(page.kind, page.value, shard),
    comparison: '>',
    bound: page.after ?? ' ',
    limit: page.limit + 1,
  }));
  const names = rows.map((row) => String(row[LIST_INDEX.sort])).sort();
  const items = names.slice(0, page.limit);
  return { items, nextCursor: names.length > page.limit ? (items.at(-1) ?? null) : null };
}

/** Keys in name order behind `after`; with an owner, theirs. */
export async function listKeys(
  client: DynamoDBDocumentClient,
  table: string,
  { after, limit, owner }: { after: string | null; limit: number; owner?: string },
): Promise<Page<KeyRecord>> {
  const rows = await queryShards(client, table, (shard) => ({
    index: owner === undefined ? LIST_INDEX : OWNER_INDEX,
    partition: owner === undefined ? listPartition(shard) : ownerPartition(owner, shard),
    comparison: '>',
    // A space sorts before every character a name can have.
    bound: after ?? ' ',
    limit: limit + 1,
  }));
  const sorted = rows.sort(bySort(LIST_INDEX.sort));
  const items = sorted.slice(0, limit).map((row) => toRecord<KeyRecord>(row));
  return { items, nextCursor: sorted.length > limit ? (items.at(-1)?.name ?? null) : null };
}

/** Rows of the due index up to an instant, the longest overdue first. */
async function dueRows(
  client: DynamoDBDocumentClient,
  table: string,
  partitionOf: (shard: number) => string,
  before: Instant,
  limit: number,
): Promise<Item[]> {
  const rows = await queryShards(client, table, (shard) => ({
    index: DUE_INDEX,
    partition: partitionOf(shard),
    comparison: '<',
    // `~` sorts behind `#`, which ends the instant: the bound itself is included.
    bound: `${before}~`,
    limit,
  }));
  return rows.sort(bySort(DUE_INDEX.sort)).slice(0, limit);
}

/** Names behind the instant, the longest overdue first. */
const dueNames =
  (partitionOf: (shard: number) => string) =>
  async (
    client: DynamoDBDocumentClient,
    table: string,
    before: Instant,
    limit: number,
  ): Promise<readonly string[]> => {
    const rows = await dueRows(client, table, partitionOf, before, limit);
    return rows.map((row) => String(row[DUE_INDEX.sort]).split('#')[1] ?? '');
  };

/** Keys whose re-encryption is due. */
export const listDueReencryptions = dueNames(dueReencryptionPartition);

/** Ids of requests for approval that somebody should have looked at. */
export const listDueApprovals = dueNames(dueApprovalPartition);

/** Operations whose review is to be looked at. */
export const listDueReviews = dueNames(dueReviewPartition);

/** Keys whose consumers should have said by then that their caches are empty. */
export const listDuePurges = dueNames(duePurgePartition);

/** Versions whose destruction is due. */
export async function listDueDestructions(
  client: DynamoDBDocumentClient,
  table: string,
  before: Instant,
  limit: number,
): Promise<readonly { name: string; version: number }[]> {
  const rows = await dueRows(client, table, dueDestructionPartition, before, limit);
  return rows.map((row) => {
    const [, name = '', version] = String(row[DUE_INDEX.sort]).split('#');
    return { name, version: Number(version) };
  });
}

/** Requests for approval in the order of their ids. */
export async function listApprovals(
  client: DynamoDBDocumentClient,
  table: string,
  page: { filter: ApprovalFilter; after: string | null; limit: number },
): Promise<Page<ApprovalRecord>> {
  const rows = await queryShards(client, table, (shard) => ({
    index: LIST_INDEX,
    partition: approvalsPartition(page.filter, shard),
    comparison: '>',
    bound: page.after ?? ' ',
    limit: page.limit + 1,
  }));
  const sorted = rows.sort(bySort(LIST_INDEX.sort));
  const items = sorted.slice(0, page.limit).map((row) => toRecord<ApprovalRecord>(row));
  return { items, nextCursor: sorted.length > page.limit ? (items.at(-1)?.id ?? null) : null };
}

/** Data keys of one shard of a parent, by name and version. */
export async function listDataKeys(
  client: DynamoDBDocumentClient,
  table: string,
  page: { parent: string; shard: number; after: string | null; limit: number },
): Promise<Page<VersionRecord>> {
  const rows = await queryShard(client, table, {
    index: LIST_INDEX,
    partition: dataKeyPartition(page.parent, page.shard),
    comparison: '>',
    bound: page.after ?? ' ',
    limit: page.limit + 1,
  });
  const items = rows.slice(0, page.limit).map((row) => toRecord<VersionRecord>(row));
  const last = items.at(-1);
  return { items, nextCursor: rows.length > page.limit && last ? dataKeySort(last) : null };
}

/** What is due, the longest overdue first. */
export async function listDue(
  client: DynamoDBDocumentClient,
  table: string,
  before: Instant,
  limit: number,
): Promise<readonly DueItem[]> {
  return (await dueRows(client, table, duePartition, before, limit)).map(toDueItem);
}

/** What comes due in a span of time, the earliest first. */
export async function listDueBetween(
  client: DynamoDBDocumentClient,
  table: string,
  { from, until, limit }: { from: string; until: Instant; limit: number },
): Promise<readonly DueItem[]> {
  const rows = await queryShards(client, table, (shard) => ({
    index: DUE_INDEX,
    partition: duePartition(shard),
    comparison: 'BETWEEN :from AND',
    // A space follows every name: an entry is not behind itself.
    from: from.includes('#') ? `${from} ` : from,
    // The bare instant sorts before every entry of it: `until` is not part of the span.
    bound: until,
    limit,
  }));
  return rows.sort(bySort(DUE_INDEX.sort)).slice(0, limit).map(toDueItem);
}

function toDueItem(row: Item): DueItem {
  const [dueAt = '', name = ''] = String(row[DUE_INDEX.sort]).split('#');
  const operationId = typeof row['leaseOperationId'] === 'string' ? row['leaseOperationId'] : null;
  return { kind: operationId ? 'operation' : 'key', name, operationId, dueAt };
}
