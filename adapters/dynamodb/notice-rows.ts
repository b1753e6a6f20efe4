// SPDX-License-Identifier: Apache-2.0
// Rows of notices in the one table: what was sent to whom, once, and the links that mails carry. Both go away by
// themselves: they say nothing any more once the request has long ended.
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE } from '#core/contract/table.ts';
import type { Instant } from '#core/keys/records.ts';
import type { NoticeLog, NoticeSlot, NoticeTurn } from '#core/ports/approval-notices.ts';
import type { MailLink, MailLinks } from '#core/ports/mail-links.ts';
import { toDomainError } from './errors.ts';
import { type Item, toRecord } from './items.ts';

/** The longest window, made longer once, and its execution end within 47 days. */
const KEEP_SECONDS = 90 * 86_400;

const epoch = (at: Instant, seconds: number) => Math.floor(Date.parse(at) / 1000) + seconds;

const slotAddress = ({ approvalId, channel, occasion, recipient }: NoticeSlot): Item => ({
  [PARTITION_KEY]: `notice#${approvalId}`,
  [SORT_KEY]: `${channel}#${occasion}#${recipient}`,
});
const linkAddress = (id: string): Item => ({
  [PARTITION_KEY]: `mail-link#${id}`,
  [SORT_KEY]: 'meta',
});

export class DynamoDbNoticeRows implements NoticeLog, MailLinks {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async begin(slot: NoticeSlot, now: Instant, until: Instant): Promise<NoticeTurn> {
    const command = new UpdateCommand({
      TableName: this.#table,
      Key: slotAddress(slot),
      UpdateExpression: 'SET busyUntil = :until, #ttl = :ttl',
      ConditionExpression:
        'attribute_not_exists(toldAt) AND (attribute_not_exists(busyUntil) OR busyUntil < :now)',
      ExpressionAttributeNames: { '#ttl': TTL_ATTRIBUTE },
      ExpressionAttributeValues: { ':until': until, ':now': now, ':ttl': epoch(now, KEEP_SECONDS) },
    });
    try {
      await this.#client.send(command);
      return { state: 'begun' };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw toDomainError(error);
    }
    const row = await this.#get(slotAddress(slot));
    return typeof row?.['toldAt'] === 'string'
      ? { state: 'told', reference: String(row['sentAs'] ?? '') }
      : { state: 'busy' };
  }

  async finish(slot: NoticeSlot, now: Instant, reference: string): Promise<void> {
    await this.#update(slot, 'SET toldAt = :now, sentAs = :sentAs REMOVE busyUntil', {
      ':now': now,
      ':sentAs': reference,
    });
  }

  async giveUp(slot: NoticeSlot): Promise<void> {
    await this.#update(slot, 'REMOVE busyUntil');
  }

  async keep(link: MailLink): Promise<void> {
    const Item = {
      ...linkAddress(link.id),
      ...link,
      [TTL_ATTRIBUTE]: epoch(link.expiresAt, 0),
    };
    await this.#translated(() =>
      this.#client.send(
        new PutCommand({
          TableName: this.#table,
          Item,
          ConditionExpression: `attribute_not_exists(${PARTITION_KEY})`,
        }),
      ),
    );
  }

  async find(id: string): Promise<MailLink | null> {
    const row = await this.#get(linkAddress(id));
    return row ? toRecord<MailLink>(row) : null;
  }

  async #update(slot: NoticeSlot, expression: string, values?: Item): Promise<void> {
    await this.#translated(() =>
      this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: slotAddress(slot),
          UpdateExpression: expression,
          ...(values ? { ExpressionAttributeValues: values } : {}),
        }),
      ),
    );
  }

  async #get(address: Item): Promise<Item | undefined> {
    const request = { TableName: this.#table, Key: address, ConsistentRead: true };
    const { Item: found } = await this.#translated(() =>
      this.#client.send(new GetCommand(request)),
    );
    return found;
  }

  async #translated<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw toDomainError(error);
    }
  }
}
