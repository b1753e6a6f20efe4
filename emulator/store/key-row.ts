// SPDX-License-Identifier: Apache-2.0
// A KMS key as a record and as a row of the table of keys.
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';

/** States that are stored; `Unavailable` follows from the key store and is computed. */
export type StoredKeyState = 'Enabled' | 'Disabled' | 'PendingDeletion';
export type KeyOrigin = 'AWS_KMS' | 'AWS_CLOUDHSM' | 'EXTERNAL';
export type KeySpec =
  | 'SYMMETRIC_DEFAULT'
  | 'RSA_2048'
  | 'RSA_3072'
  | 'RSA_4096'
  | 'ECC_NIST_P256'
  | 'ECC_NIST_P384'
  | 'ECC_NIST_P521'
  | 'ECC_SECG_P256K1'
  | 'ECC_NIST_EDWARDS25519'
  | 'HMAC_224'
  | 'HMAC_256'
  | 'HMAC_384'
  | 'HMAC_512'
  | 'ML_DSA_44'
  | 'ML_DSA_65'
  | 'ML_DSA_87';
export type KeyUsage = 'ENCRYPT_DECRYPT' | 'SIGN_VERIFY' | 'GENERATE_VERIFY_MAC' | 'KEY_AGREEMENT';

/** A KMS key. Instants are epoch milliseconds. */
export interface KeyRecord {
  readonly keyId: string;
  readonly createdAt: number;
  readonly origin: KeyOrigin;
  readonly keySpec: KeySpec;
  readonly keyUsage: KeyUsage;
  readonly keyStoreId: string | null;
  readonly clusterId: string | null;
  readonly materialId: string;
  /** The key under the domain key; null for keys that live on a token. Of ML-DSA: a key under it, and the seed under that. */
  readonly wrappedKey: Buffer | null;
  /** SubjectPublicKeyInfo of an asymmetric key. */
  readonly publicKey: Buffer | null;
  readonly state: StoredKeyState;
  readonly deletionAt: number | null;
  readonly description: string;
  readonly policy: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly rotationPeriodDays: number | null;
}

type Row = Record<string, SQLOutputValue>;

function bytes(value: SQLOutputValue | undefined): Buffer | null {
  return value instanceof Uint8Array ? Buffer.from(value) : null;
}

/** Reads a row. */
export function toRecord(row: Row): KeyRecord {
  return {
    keyId: row['key_id'] as string,
    createdAt: row['created_at'] as number,
    origin: row['origin'] as KeyOrigin,
    keySpec: row['key_spec'] as KeySpec,
    keyUsage: row['key_usage'] as KeyUsage,
    keyStoreId: row['key_store_id'] as string | null,
    clusterId: row['cluster_id'] as string | null,
    materialId: row['material_id'] as string,
    wrappedKey: bytes(row['wrapped_key']),
    publicKey: bytes(row['public_key']),
    state: row['state'] as StoredKeyState,
    deletionAt: row['deletion_at'] as number | null,
    description: row['description'] as string,
    policy: row['policy'] as string,
    tags: JSON.parse(row['tags'] as string),
    rotationPeriodDays: row['rotation_period_days'] as number | null,
  };
}

/** The row's columns in the table's order. */
export function toColumns(record: KeyRecord, status: 'creating' | 'live'): SQLInputValue[] {
  return [
    record.keyId,
    status,
    record.createdAt,
    record.origin,
    record.keySpec,
    record.keyUsage,
    record.keyStoreId,
    record.clusterId,
    record.materialId,
    record.wrappedKey,
    record.publicKey,
    record.state,
    record.deletionAt,
    record.description,
    record.policy,
    JSON.stringify(record.tags),
    record.rotationPeriodDays,
  ];
}
