// SPDX-License-Identifier: Apache-2.0
// Objects in S3, in two forms. Those that S3 encrypted itself (SSE-KMS) are copied onto themselves under the new key:
// the content does not leave S3. Of those that a client encrypted, only the wrapped data key in the metadata is
// re-encrypted. Both are conditional on the ETag that was read, at the source and at the destination of the copy.
import { createHash } from 'node:crypto';
import {
  CopyObjectCommand,
  type CopyObjectCommandInput,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { S3EnvelopeSource, S3ObjectSource } from '#core/keys/reencryption.ts';
import type {
  CiphertextSource,
  Replacement,
  SourceItem,
  SourcePage,
} from '#core/ports/ciphertext-source.ts';
import type { Context } from '#core/ports/key-vault.ts';
import { asking, replacing } from './errors.ts';

/** CopyObject takes no more (S3 API reference, CopyObject). */
const MAX_COPY_BYTES = 5 * 1024 ** 3;

interface SourceOf<L> {
  readonly name: string;
  readonly location: L;
  readonly shards: number;
}

interface ReadObject {
  readonly objectKey: string;
  readonly head: HeadObjectCommandOutput;
}

/** Lists, reads heads, copies. A shard is the keys with its remainder: each shard lists all, which is cheap beside a copy. */
abstract class S3Source<L extends S3ObjectSource | S3EnvelopeSource> implements CiphertextSource {
  readonly #client: S3Client;
  protected readonly source: SourceOf<L>;
  readonly #read = new WeakMap<SourceItem, ReadObject>();

  constructor(client: S3Client, source: SourceOf<L>) {
    this.#client = client;
    this.source = source;
  }

  async readPage(shard: number, cursor: string | null, limit: number): Promise<SourcePage> {
    const command = new ListObjectsV2Command({
      Bucket: this.#bucket,
      Prefix: this.source.location.prefix,
      MaxKeys: limit,
      ...(cursor === null ? {} : { StartAfter: cursor }),
    });
    const page = await asking(this.source.name, () => this.#client.send(command));
    const keys = (page.Contents ?? []).map(({ Key }) => Key ?? '');
    const items: SourceItem[] = [];
    for (const key of keys.filter((one) => shardOf(one, this.source.shards) === shard)) {
      const item = await this.#item(key);
      if (item) items.push(item);
    }
    return { items, cursor: page.IsTruncated ? (keys.at(-1) ?? null) : null };
  }

  async replace(item: SourceItem, replacement: Replacement): Promise<boolean> {
    const read = this.#read.get(item);
    if (!read) return false;
    const change = this.changeOf(read.head, replacement);
    if (!change) return false;
    const command = new CopyObjectCommand({
      Bucket: this.#bucket,
      Key: read.objectKey,
      CopySource: `${this.#bucket}/${encodeURIComponent(read.objectKey)}`,
      CopySourceIfMatch: read.head.ETag,
      IfMatch: read.head.ETag,
      BucketKeyEnabled: read.head.BucketKeyEnabled ?? false,
      ...change,
    });
    const isReplaced = await replacing(this.source.name, () => this.#client.send(command));
    // The ETag is of the content (S3 API reference, Object): new metadata alone does not change it.
    if (isReplaced) this.#read.delete(item);
    return isReplaced;
  }

  /** S3 does not say how many objects lie below a prefix without listing them. */
  async estimate(): Promise<number | null> {
    return null;
  }

  /** What an object holds for us; null when it is none of ours. */
  protected abstract itemOf(id: string, head: HeadObjectCommandOutput): SourceItem | null;
  /** What of the copy is other than the original; null when the replacement does not fit. */
  protected abstract changeOf(
    head: HeadObjectCommandOutput,
    replacement: Replacement,
  ): Partial<CopyObjectCommandInput> | null;

  get #bucket(): string {
    return this.source.location.bucketArn.split(':').at(-1) ?? '';
  }

  async #item(key: string): Promise<SourceItem | null> {
    const head = await this.#head(key);
    if (!head) return null;
    const item =
      (head.ContentLength ?? 0) > MAX_COPY_BYTES
        ? { id: key, defect: 'larger than the 5 GB that S3 copies in one call' }
        : this.itemOf(key, head);
    if (item) this.#read.set(item, { objectKey: key, head });
    return item;
  }

  /** Null for an object that was deleted since it was listed. */
  async #head(key: string): Promise<HeadObjectCommandOutput | null> {
    return asking(this.source.name, async () => {
      try {
        return await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key }));
      } catch (error) {
        if (error instanceof Error && ['NotFound', 'NoSuchKey'].includes(error.name)) return null;
        throw error;
      }
    });
  }
}

function shardOf(key: string, shards: number): number {
  return createHash('sha256').update(key).digest().readUInt32BE(0) % shards;
}

export class S3Objects extends S3Source<S3ObjectSource> {
  protected itemOf(id: string, { SSEKMSKeyId }: HeadObjectCommandOutput): SourceItem | null {
    if (SSEKMSKeyId === undefined) return null;
    return { id, keyId: SSEKMSKeyId.slice(SSEKMSKeyId.lastIndexOf('/') + 1) };
  }

  protected changeOf(_head: HeadObjectCommandOutput, replacement: Replacement) {
    if (!('keyArn' in replacement)) return null;
    return {
      ServerSideEncryption: 'aws:kms' as const,
      SSEKMSKeyId: replacement.keyArn,
      MetadataDirective: 'COPY' as const,
    };
  }
}

export class S3Envelopes extends S3Source<S3EnvelopeSource> {
  protected itemOf(id: string, { Metadata = {} }: HeadObjectCommandOutput): SourceItem | null {
    const { wrappedKeyMetadata, contextMetadata } = this.source.location;
    const wrapped = Metadata[wrappedKeyMetadata.toLowerCase()];
    if (wrapped === undefined) return null;
    const context =
      contextMetadata === null ? {} : contextOf(Metadata[contextMetadata.toLowerCase()]);
    if (context === null)
      return { id, defect: `metadata ${contextMetadata} is no JSON object of text` };
    return { id, parts: [{ ciphertext: Buffer.from(wrapped, 'base64'), context }] };
  }

  protected changeOf(head: HeadObjectCommandOutput, replacement: Replacement) {
    const wrapped = 'ciphertexts' in replacement ? replacement.ciphertexts[0] : null;
    if (!wrapped) return null;
    return {
      ...described(head),
      MetadataDirective: 'REPLACE' as const,
      Metadata: {
        ...head.Metadata,
        [this.source.location.wrappedKeyMetadata.toLowerCase()]:
          Buffer.from(wrapped).toString('base64'),
      },
    };
  }
}

/** Headers that a copy with new metadata would lose. */
function described(head: HeadObjectCommandOutput): Partial<CopyObjectCommandInput> {
  const { ContentType, ContentEncoding, ContentDisposition, ContentLanguage, CacheControl } = head;
  const { ServerSideEncryption, SSEKMSKeyId } = head;
  const kept = { ContentType, ContentEncoding, ContentDisposition, ContentLanguage, CacheControl };
  const all = { ...kept, ServerSideEncryption, SSEKMSKeyId };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function contextOf(text: string | undefined): Context | null {
  try {
    const parsed: unknown = JSON.parse(text ?? '');
    if (typeof parsed !== 'object' || parsed === null) return null;
    const pairs = Object.entries(parsed);
    return pairs.every(([, value]) => typeof value === 'string') ? Object.fromEntries(pairs) : null;
  } catch {
    return null;
  }
}
