// SPDX-License-Identifier: Apache-2.0
// One line per kind of source. A new kind is its adapter, its place in the contract, and a line here.
import type { S3Client } from '@aws-sdk/client-s3';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { KeyturnError } from '#core/errors.ts';
import type { SourceRecord } from '#core/keys/reencryption.ts';
import type { CiphertextSource, OpenSource } from '#core/ports/ciphertext-source.ts';
import { DynamoDbItems } from './dynamodb-items.ts';
import { S3Envelopes, S3Objects } from './s3-objects.ts';
import { type EndpointDeps, WebhookItems } from './webhook-items.ts';

export interface SourceClients {
  readonly tables: DynamoDBDocumentClient;
  readonly objects: S3Client;
  readonly endpoints: EndpointDeps;
}

/** Opens sources with these clients. */
export function sourceOpener({ tables, objects, endpoints }: SourceClients): OpenSource {
  return ({ key, name, location, shards }: SourceRecord): CiphertextSource => {
    switch (location.kind) {
      case 'dynamodb':
        return new DynamoDbItems(tables, { name, location, shards });
      case 's3-objects':
        return new S3Objects(objects, { name, location, shards });
      case 's3-envelopes':
        return new S3Envelopes(objects, { name, location, shards });
      case 'webhook':
        return new WebhookItems(endpoints, { key, name, location, shards });
      default:
        throw new KeyturnError(
          'SourceUnavailable',
          `a source of kind ${location.kind} holds no items`,
        );
    }
  };
}
