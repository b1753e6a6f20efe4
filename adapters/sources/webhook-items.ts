// SPDX-License-Identifier: Apache-2.0
// Ciphertexts behind an endpoint of their owner, who keeps them in whatever store: it lists pages and puts items back,
// on the condition of their etag. What it says is only ever an item to look at: versions are counted from what KMS
// answers, and the endpoint gets no ciphertext that it did not give.
import { randomUUID } from 'node:crypto';
import {
  CountAnswer,
  ListAnswer,
  type ListedItem,
  ListedParts,
  type SourceRequest,
} from '#core/contract/source-protocol.ts';
import { KeyturnError } from '#core/errors.ts';
import type { WebhookSource } from '#core/keys/reencryption.ts';
import type {
  CiphertextSource,
  Replacement,
  SourceItem,
  SourcePage,
} from '#core/ports/ciphertext-source.ts';
import type { NoticeSigner, PostAnswer, PostSigned } from '#core/ports/notices.ts';
import type { Clock } from '#core/ports/platform.ts';

/** A page of 100 items of a few ciphertexts each; beyond it the owner can answer with fewer items. */
const BOUNDS = { timeoutMilliseconds: 10_000, maxAnswerBytes: 4 * 1024 * 1024 };

/** Written by somebody else meanwhile, or gone. */
const CHANGED = new Set([404, 409, 410, 412]);
const THROTTLED = new Set([429, 503]);
const DENIED = new Set([401, 403]);

export interface EndpointDeps {
  readonly post: PostSigned;
  readonly signer: NoticeSigner;
  readonly clock: Clock;
}

const isTaken = ({ status }: PostAnswer) => status >= 200 && status < 300;

function toItem({ id, parts }: ListedItem): SourceItem {
  const known = ListedParts.safeParse(parts);
  if (!known.success) return { id, defect: 'its parts are not of the form that the protocol has' };
  return {
    id,
    parts: known.data.map(({ ciphertext, context }) => ({
      ciphertext: Buffer.from(ciphertext, 'base64'),
      context,
    })),
  };
}

type Asked<A> = A extends SourceRequest ? Omit<A, 'key' | 'source'> : never;

export class WebhookItems implements CiphertextSource {
  readonly #deps: EndpointDeps;
  readonly #key: string;
  readonly #name: string;
  readonly #url: string;
  readonly #shards: number;
  readonly #etags = new WeakMap<SourceItem, string>();

  constructor(
    deps: EndpointDeps,
    source: { key: string; name: string; location: WebhookSource; shards: number },
  ) {
    this.#deps = deps;
    this.#key = source.key;
    this.#name = source.name;
    this.#url = source.location.url;
    this.#shards = source.shards;
  }

  async estimate(): Promise<number | null> {
    return (await this.#read({ action: 'count' }, CountAnswer)).items;
  }

  async readPage(shard: number, cursor: string | null, limit: number): Promise<SourcePage> {
    const asked = { action: 'list', shard, shards: this.#shards, cursor, limit } as const;
    const page = await this.#read(asked, ListAnswer);
    // Either would keep the run busy for ever or beyond its function's time.
    if (page.items.length > limit) throw this.#unfit(`answered with more than ${limit} items`);
    if (cursor !== null && page.cursor === cursor)
      throw this.#unfit('answered with the same cursor');
    const items = page.items.map((listed) => {
      const item = toItem(listed);
      this.#etags.set(item, listed.etag);
      return item;
    });
    return { items, cursor: page.cursor };
  }

  async replace(item: SourceItem, replacement: Replacement): Promise<boolean> {
    const etag = this.#etags.get(item);
    if (etag === undefined || !('ciphertexts' in replacement)) return false;
    const ciphertexts = replacement.ciphertexts.map(
      (part) => part && Buffer.from(part).toString('base64'),
    );
    const version = replacement.target?.version ?? null;
    const answer = await this.#post({ action: 'replace', id: item.id, etag, ciphertexts, version });
    if (CHANGED.has(answer.status)) return false;
    if (!isTaken(answer)) throw this.#refusal(answer.status);
    return true;
  }

  async #read<T>(asked: Asked<SourceRequest>, schema: { parse(value: unknown): T }): Promise<T> {
    const answer = await this.#post(asked);
    if (!isTaken(answer)) throw this.#refusal(answer.status);
    if (answer.text === null)
      throw this.#unfit(`answered with over ${BOUNDS.maxAnswerBytes} bytes`);
    try {
      return schema.parse(JSON.parse(answer.text));
    } catch (cause) {
      throw this.#unfit('did not answer as the protocol says', cause);
    }
  }

  async #post(asked: Asked<SourceRequest>): Promise<PostAnswer> {
    const body = JSON.stringify({ ...asked, key: this.#key, source: this.#name });
    const claims = {
      issuedAt: Math.floor(Date.parse(this.#deps.clock.now()) / 1000),
      eventId: randomUUID(),
      audience: this.#url,
    };
    const signature = await this.#deps.signer.sign(claims, body);
    try {
      return await this.#deps.post({ url: this.#url, body, signature }, BOUNDS);
    } catch (cause) {
      if (cause instanceof KeyturnError)
        throw this.#unfit(`cannot be called: ${cause.message}`, cause);
      throw this.#unfit('did not answer', cause);
    }
  }

  #refusal(status: number): KeyturnError {
    if (THROTTLED.has(status))
      return new KeyturnError(
        'Throttled',
        `source ${this.#name} throttles; the run goes on shortly`,
      );
    return this.#unfit(
      DENIED.has(status)
        ? `refused (${status}); let it verify Keyturn's signature (docs/reencryption.md)`
        : `refused (${status})`,
    );
  }

  #unfit(what: string, cause?: unknown): KeyturnError {
    return new KeyturnError(
      'SourceUnavailable',
      `the endpoint of source ${this.#name} ${what}; the run goes on with its next attempt`,
      { cause },
    );
  }
}
