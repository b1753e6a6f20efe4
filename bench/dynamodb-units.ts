// SPDX-License-Identifier: Apache-2.0
// Counts what requests to DynamoDB consume, by the rules of its developer guide ("Read and write operations",
// "Item sizes"): the AWS emulator does not. It sees the requests and answers themselves, as middleware of the client.
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import {
  DUE_INDEX,
  LIST_INDEX,
  OWNER_INDEX,
  PARTITION_KEY,
  SORT_KEY,
} from '#core/contract/table.ts';

type Item = Record<string, unknown>;
const KILOBYTE = 1024;
/** The index that projects a few attributes; the others project all. */
const SMALL_INDEX = DUE_INDEX;
const FULL_INDEXES = [LIST_INDEX, OWNER_INDEX];

/** Size of a value in bytes, names of members included. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(value).length / 2) + 1;
  if (Array.isArray(value)) return 3 + value.reduce((sum, one) => sum + sizeOf(one) + 1, 0);
  if (typeof value === 'object' && value !== null) return 3 + itemSize(value as Item);
  return 1;
}

function itemSize(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + sizeOf(value),
    0,
  );
}

const writeUnits = (bytes: number) => Math.max(1, Math.ceil(bytes / KILOBYTE));
const readUnits = (bytes: number) => Math.max(1, Math.ceil(bytes / (4 * KILOBYTE)));

/** Read and write units of the requests that pass. */
export class DynamoDbUnits {
  requests = 0;
  reads = 0;
  writes = 0;
  readonly #known = new Map<string, Item>();

  /** Watches a client. */
  watch(client: DynamoDBDocumentClient): void {
    client.middlewareStack.add(
      (next) => async (request) => {
        const answer = await next(request);
        this.#count(request.input as Item, answer.output as unknown as Item);
        return answer;
      },
      { step: 'initialize', name: 'countUnits', priority: 'high' },
    );
  }

  #count(input: Item, output: Item): void {
    this.requests += 1;
    const transaction = input['TransactItems'] as { Put?: { Item: Item } }[] | undefined;
    for (const { Put } of transaction ?? []) if (Put) this.#put(Put.Item);
    if (transaction) return;
    const found = 'Item' in output ? [output['Item']] : output['Items'];
    const items = (Array.isArray(found) ? found : []).filter((item) => item) as Item[];
    for (const item of items) this.#known.set(addressOf(item), item);
    const units = readUnits(items.reduce((sum, item) => sum + itemSize(item), 0));
    this.reads += input['ConsistentRead'] === true ? units : units / 2;
  }

  /** Two units a kilobyte in a transaction, and one for each index entry that changes, two where its key changes. */
  #put(item: Item): void {
    const before = this.#known.get(addressOf(item));
    this.#known.set(addressOf(item), item);
    this.writes += 2 * writeUnits(itemSize(item));
    const changed = (name: string) => before?.[name] !== item[name];
    const { sort } = SMALL_INDEX;
    if (changed(sort)) this.writes += (before?.[sort] ? 1 : 0) + (item[sort] ? 1 : 0);
    for (const index of FULL_INDEXES) {
      if (item[index.partition]) this.writes += writeUnits(itemSize(item));
    }
  }
}

function addressOf(item: Item): string {
  return `${item[PARTITION_KEY]} ${item[SORT_KEY]}`;
}
