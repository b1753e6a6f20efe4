// SPDX-License-Identifier: Apache-2.0
// The record of key use in the one table: a partition per key, one row per version and principal, and one per version
// and minute that goes away after a week. Rows are added to, never read and written back, so concurrent batches lose
// nothing.
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE } from '#core/contract/table.ts';
import type { Instant } from '#core/keys/records.ts';
import type { HourCount, KeyUseLog, MinuteCount, UseCount } from '#core/ports/key-use-log.ts';
import { toDomainError } from './errors.ts';
import { HOUR_PREFIX, type Item, keyUseAddress, keyUseSort, TOTAL_PREFIX } from './items.ts';

/** Nothing watches a minute for longer than a bake; a week leaves room to look back at an incident. */
const KEEP_MINUTES_SECONDS = 7 * 86_400;
/** What is usual for a key is read from its hours of some days (`policies/detection-rules.ts`). */
const KEEP_HOURS_SECONDS = 14 * 86_400;

interface Row {
  readonly address: Item;
  readonly adds: Readonly<Record<string, number>>;
  readonly sets: Readonly<Record<string, unknown>>;
}

const named = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [`#${name}`, name]));

function toCount(row: Item): UseCount {
  const text = (name: string) => (typeof row[name] === 'string' ? row[name] : null);
  const count = (name: string) => Number(row[name] ?? 0);
  return {
    key: text('key') ?? '',
    version: count('version'),
    principal: text('principal') ?? '',
    encrypts: count('encrypts'),
    decrypts: count('decrypts'),
    refusals: count('refusals'),
    lastEncryptAt: text('lastEncryptAt'),
    lastDecryptAt: text('lastDecryptAt'),
  };
}

export class DynamoDbKeyUseLog implements KeyUseLog {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async add(uses: readonly UseCount[]): Promise<void> {
    for (const { key, version, principal, ...use } of uses) {
      const address = keyUseAddress(key, keyUseSort.total(version, principal));
      const { encrypts, decrypts, refusals } = use;
      await this.#update({
        address,
        adds: { encrypts, decrypts, refusals },
        sets: { key, version, principal },
      });
      await this.#raise(address, 'lastEncryptAt', use.lastEncryptAt);
      await this.#raise(address, 'lastDecryptAt', use.lastDecryptAt);
    }
  }

  async addMinutes(counts: readonly MinuteCount[]): Promise<void> {
    for (const { key, version, minute, calls, errors } of counts) {
      const expires = Math.floor(Date.parse(minute) / 1000) + KEEP_MINUTES_SECONDS;
      await this.#update({
        address: keyUseAddress(key, keyUseSort.minute(version, minute)),
        adds: { calls, errors },
        sets: { [TTL_ATTRIBUTE]: expires },
      });
    }
  }

  async addHours(counts: readonly HourCount[]): Promise<readonly HourCount[]> {
    const totals: HourCount[] = [];
    for (const { key, hour, calls } of counts) {
      const expires = Math.floor(Date.parse(hour) / 1000) + KEEP_HOURS_SECONDS;
      const row = await this.#update({
        address: keyUseAddress(key, keyUseSort.hour(hour)),
        adds: { calls },
        sets: { [TTL_ATTRIBUTE]: expires },
      });
      totals.push({ key, hour, calls: Number(row['calls']) });
    }
    return totals;
  }

  async readHours(key: string, from: Instant, until: Instant): Promise<readonly HourCount[]> {
    const rows = await this.#query(key, keyUseSort.hour(from), keyUseSort.hour(until));
    return rows
      .map((row) => ({
        key,
        hour: String(row[SORT_KEY]).slice(HOUR_PREFIX.length),
        calls: Number(row['calls']),
      }))
      .filter(({ hour }) => hour < until);
  }

  async read(key: string): Promise<readonly UseCount[]> {
    const rows = await this.#query(key, TOTAL_PREFIX, `${TOTAL_PREFIX}~`);
    return rows.map(toCount);
  }

  async sumSince(key: string, version: number, since: Instant) {
    const from = keyUseSort.minute(version, `${since.slice(0, 16)}:00.000Z`);
    const rows = await this.#query(key, from, keyUseSort.minute(version, '~'));
    return {
      calls: rows.reduce((sum, row) => sum + Number(row['calls'] ?? 0), 0),
      errors: rows.reduce((sum, row) => sum + Number(row['errors'] ?? 0), 0),
    };
  }

  /** @returns the row as it is then */
  async #update({ address, adds, sets }: Row): Promise<Item> {
    const [added, set] = [Object.keys(adds), Object.keys(sets)];
    const values = { ...adds, ...sets };
    const { Attributes } = await this.#translated(() =>
      this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: address,
          ReturnValues: 'ALL_NEW',
          UpdateExpression: `ADD ${added.map((name) => `#${name} :${name}`).join(', ')} SET ${set
            .map((name) => `#${name} = :${name}`)
            .join(', ')}`,
          ExpressionAttributeNames: named([...added, ...set]),
          ExpressionAttributeValues: Object.fromEntries(
            Object.entries(values).map(([name, value]) => [`:${name}`, value]),
          ),
        }),
      ),
    );
    return Attributes ?? {};
  }

  /** Instants only grow: a batch that comes late does not set them back. */
  async #raise(address: Item, name: string, at: Instant | null): Promise<void> {
    if (at === null) return;
    try {
      await this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: address,
          UpdateExpression: 'SET #name = :at',
          ConditionExpression: 'attribute_not_exists(#name) OR #name < :at',
          ExpressionAttributeNames: { '#name': name },
          ExpressionAttributeValues: { ':at': at },
        }),
      );
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return;
      throw toDomainError(error);
    }
  }

  async #query(key: string, from: string, to: string): Promise<readonly Item[]> {
    const rows: Item[] = [];
    let start: Item | undefined;
    do {
      const page = await this.#translated(() =>
        this.#client.send(
          new QueryCommand({
            TableName: this.#table,
            ConsistentRead: true,
            KeyConditionExpression: `${PARTITION_KEY} = :partition AND ${SORT_KEY} BETWEEN :from AND :to`,
            ExpressionAttributeValues: {
              ':partition': keyUseAddress(key, '')[PARTITION_KEY],
              ':from': from,
              ':to': to,
            },
            ...(start ? { ExclusiveStartKey: start } : {}),
          }),
        ),
      );
      rows.push(...(page.Items ?? []));
      start = page.LastEvaluatedKey;
    } while (start);
    return rows;
  }

  async #translated<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw toDomainError(error);
    }
  }
}
