// SPDX-License-Identifier: Apache-2.0
// Evidence in the object-locked bucket. The name holds the digest of the content, so a second write of the same name
// is the same document: it is left out.
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { KeyturnError } from '#core/errors.ts';
import type { EvidenceReader, EvidenceStore } from '#core/ports/evidence-store.ts';

export class S3EvidenceStore implements EvidenceStore, EvidenceReader {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async store(name: string, document: string): Promise<void> {
    const command = new PutObjectCommand({
      Bucket: this.#bucket,
      Key: name,
      Body: document,
      ContentType: 'application/json',
      IfNoneMatch: '*',
    });
    try {
      await this.#client.send(command);
    } catch (cause) {
      if (cause instanceof Error && cause.name === 'PreconditionFailed') return;
      throw new KeyturnError(
        'DependencyUnavailable',
        'the evidence could not be stored, so nothing was marked; try again',
        { cause },
      );
    }
  }

  async read(name: string): Promise<string> {
    try {
      const command = new GetObjectCommand({ Bucket: this.#bucket, Key: name });
      const { Body } = await this.#client.send(command);
      return (await Body?.transformToString('utf-8')) ?? '';
    } catch (cause) {
      throw new KeyturnError('DependencyUnavailable', 'the evidence could not be read; try again', {
        cause,
      });
    }
  }
}
