// SPDX-License-Identifier: Apache-2.0
// Ciphertexts in attributes of a DynamoDB table: bytes, or base64 text. A shard is a segment of a parallel scan, so an
// item keeps its shard. An item is replaced under the condition that each ciphertext is the one that was read.
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDbSource } from '#core/keys/reencryption.ts';
import type {
  CiphertextSource,
  Replacement,
  SealedPart,
  SourceItem,
  SourcePage,
} from '#core/ports/ciphertext-source.ts';
import type { Context } from '#core/ports/key-vault.ts';
import { asking, replacing } from './errors.ts';

type Row = Record<string, unknown>;

/** What was read of an item: its address, and its ciphertexts as they lie in the table. */
interface ReadRow {
  readonly address: Row;
  readonly stored: readonly { readonly attribute: string; readonly value: unknown }[];
}

function bytesOf(value: unknown): Uint8Array | null {
  if (value instanceof Uint8Array) return value;
  return typeof value === 'string' && value !== '' ? Buffer.from(value, 'base64') : null;
}

/** In the form in which the old ciphertext lies there. */
function inFormOf(old: unknown, ciphertext: Uint8Array): unknown {
  return typeof old === 'string' ? Buffer.from(ciphertext).toString('base64') : ciphertext;
}

export class DynamoDbItems implements CiphertextSource {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;
  readonly #location: DynamoDbSource;
  readonly #shards: number;
  readonly #read = new WeakMap<SourceItem, ReadRow>();
  #table: Promise<{ keys: readonly string[]; items: number | null }> | null = null;

  constructor(
    client: DynamoDBDocumentClient,
    source: { name: string; location: DynamoDbSource; shards: number },
  ) {
    this.#client = client;
    this.#name = source.name;
    this.#location = source.location;
    this.#shards = source.shards;
  }

  async estimate(): Promise<number | null> {
    return (await this.#description()).items;
  }

  async readPage(shard: number, cursor: string | null, limit: number): Promise<SourcePage> {
    const { keys } = await this.#description();
    const attributes = [
      ...new Set([...keys, ...this.#location.ciphertextAttributes, ...this.#contextAttributes()]),
    ];
    const command = new ScanCommand({
      TableName: this.#location.tableArn,
      ConsistentRead: true,
      Segment: shard,
      TotalSegments: this.#shards,
      Limit: limit,
      ProjectionExpression: attributes.map((_, index) => `#a${index}`).join(', '),
      ExpressionAttributeNames: Object.fromEntries(
        attributes.map((attribute, index) => [`#a${index}`, attribute]),
      ),
      ...(cursor === null ? {} : { ExclusiveStartKey: fromCursor(cursor) }),
    });
    const page = await asking(this.#name, () => this.#client.send(command));
    return {
      items: (page.Items ?? []).map((row) => this.#toItem(row, keys)),
      cursor: page.LastEvaluatedKey ? toCursor(page.LastEvaluatedKey) : null,
    };
  }

  async replace(item: SourceItem, replacement: Replacement): Promise<boolean> {
    const row = this.#read.get(item);
    if (!row || !('ciphertexts' in replacement)) return false;
    const names: Record<string, string> = {};
    const values: Record<string, unknown> = {};
    const sets: string[] = [];
    const conditions: string[] = [];
    for (const [index, { attribute, value }] of row.stored.entries()) {
      names[`#c${index}`] = attribute;
      values[`:old${index}`] = value;
      conditions.push(`#c${index} = :old${index}`);
      const next = replacement.ciphertexts[index];
      if (!next) continue;
      values[`:new${index}`] = inFormOf(value, next);
      sets.push(`#c${index} = :new${index}`);
    }
    const command = new UpdateCommand({
      TableName: this.#location.tableArn,
      Key: row.address,
      UpdateExpression: `SET ${sets.join(', ')}`,
      ConditionExpression: conditions.join(' AND '),
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: values,
    });
    return replacing(this.#name, () => this.#client.send(command));
  }

  #description() {
    this.#table ??= asking(this.#name, async () => {
      const command = new DescribeTableCommand({ TableName: this.#location.tableArn });
      const { Table } = await this.#client.send(command);
      const keys = (Table?.KeySchema ?? []).map(({ AttributeName }) => AttributeName ?? '');
      return { keys, items: Table?.ItemCount ?? null };
    });
    return this.#table;
  }

  #contextAttributes(): string[] {
    return Object.values(this.#location.context).flatMap((from) =>
      'attribute' in from ? [from.attribute] : [],
    );
  }

  #toItem(row: Row, keys: readonly string[]): SourceItem {
    const address = Object.fromEntries(keys.map((key) => [key, row[key]]));
    const id = JSON.stringify(address);
    const context = this.#contextOf(row);
    const found = this.#location.ciphertextAttributes.flatMap((attribute) => {
      const ciphertext = bytesOf(row[attribute]);
      return ciphertext ? [{ attribute, value: row[attribute], ciphertext }] : [];
    });
    if (typeof context === 'string' && found.length > 0) return { id, defect: context };
    const parts: SealedPart[] = found.map(({ ciphertext }) => ({
      ciphertext,
      context: typeof context === 'string' ? {} : context,
    }));
    const item: SourceItem = { id, parts };
    this.#read.set(item, { address, stored: found });
    return item;
  }

  /** The encryption context of a row, or what is missing for it. */
  #contextOf(row: Row): Context | string {
    const context: Record<string, string> = {};
    for (const [name, from] of Object.entries(this.#location.context)) {
      const value = 'value' in from ? from.value : row[from.attribute];
      if (typeof value !== 'string' && typeof value !== 'number')
        return `encryption context ${name} has no value in the item`;
      context[name] = String(value);
    }
    return context;
  }
}

/** Key values can be bytes, which JSON does not know. */
function toCursor(key: Row): string {
  return JSON.stringify(key, (_name, value: unknown) =>
    value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('base64') } : value,
  );
}

function fromCursor(cursor: string): Row {
  return JSON.parse(cursor, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && 'bytes' in value
      ? Buffer.from(String(value.bytes), 'base64')
      : value,
  );
}
