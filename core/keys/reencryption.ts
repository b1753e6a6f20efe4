// SPDX-License-Identifier: Apache-2.0
// Records of re-encryption and retirement. They lie in the key's partition and change only together with an audit
// record of the key; how far a run has come lies apart (`core/ports/reencryption-progress.ts`), because it is no
// decision of anybody.
import type { CopyKind } from '../contract/vocabulary.ts';
import type { Instant } from './records.ts';

/** A DynamoDB table whose items hold ciphertexts: bytes, or base64 text. */
export interface DynamoDbSource {
  readonly kind: 'dynamodb';
  readonly tableArn: string;
  readonly ciphertextAttributes: readonly string[];
  /** Encryption context name by name: taken from an attribute of the item, or always the same. */
  readonly context: Readonly<Record<string, ContextValue>>;
}

export type ContextValue = { readonly attribute: string } | { readonly value: string };

/** Objects that S3 encrypted under a version (SSE-KMS): S3 re-encrypts them when they are copied onto themselves. */
export interface S3ObjectSource {
  readonly kind: 's3-objects';
  readonly bucketArn: string;
  readonly prefix: string;
}

/** Objects that a client encrypted; the data key lies wrapped in their metadata, as base64. */
export interface S3EnvelopeSource {
  readonly kind: 's3-envelopes';
  readonly bucketArn: string;
  readonly prefix: string;
  /** Name below `x-amz-meta-`. */
  readonly wrappedKeyMetadata: string;
  /** Metadata that holds the encryption context as a JSON object; null: no context. */
  readonly contextMetadata: string | null;
}

/** An endpoint of the owner, which lists the items and puts them back (`core/contract/source-protocol.ts`). */
export interface WebhookSource {
  readonly kind: 'webhook';
  readonly url: string;
}

/** A declaration: nothing encrypted under this key is stored anywhere. */
export interface NothingStored {
  readonly kind: 'none';
  readonly reason: string;
}

/** The data keys that this key wraps: registered by itself with the first of them. */
export interface DataKeysSource {
  readonly kind: 'data-keys';
}

export type SourceLocation =
  | DataKeysSource
  | DynamoDbSource
  | S3ObjectSource
  | S3EnvelopeSource
  | WebhookSource
  | NothingStored;

/** Copies that re-encryption cannot reach; each keeps an old ciphertext for so many days after it was replaced. */
export interface DeclaredCopy {
  readonly kind: CopyKind;
  readonly retentionDays: number;
}

/** What the last complete look at a source found. */
export interface SourceCount {
  readonly operationId: string;
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  /** Ciphertexts by version, as decimal text. */
  readonly byVersion: Readonly<Record<string, number>>;
  /** Ciphertexts that could not be read under any version of the key. */
  readonly dead: number;
}

export interface SourceRecord {
  readonly key: string;
  readonly name: string;
  readonly location: SourceLocation;
  /** Parts that are worked on at once. */
  readonly shards: number;
  readonly copies: readonly DeclaredCopy[];
  readonly count: SourceCount | null;
  readonly registeredAt: Instant;
  readonly registeredBy: string;
  /** A removed source keeps its row as history. */
  readonly removedAt: Instant | null;
}

/** Keeps every version of a key from being retired, until it is taken away or runs out. */
export interface HoldRecord {
  readonly key: string;
  readonly name: string;
  readonly reason: string;
  readonly until: Instant | null;
  readonly placedAt: Instant;
  readonly placedBy: string;
  readonly releasedAt: Instant | null;
}

/**
 * The one run of re-encryption that a key has, or last had. It is no lease on the key: it changes no version and
 * always works towards the version that is current, so a rotation never waits for it (`docs/decisions/0013`).
 */
export interface ReencryptionRecord {
  readonly key: string;
  readonly state: 'idle' | 'due' | 'running' | 'parked';
  /** Begins by itself when a rotation ends. */
  readonly isAutomatic: boolean;
  readonly operationId: string | null;
  /** Grows with every attempt: an older one can write no more. */
  readonly fence: number;
  readonly pass: number;
  readonly passStartedAt: Instant | null;
  /** When the sweep looks at it; null while nothing is to be done. */
  readonly dueAt: Instant | null;
}
