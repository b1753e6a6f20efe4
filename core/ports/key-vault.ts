// SPDX-License-Identifier: Apache-2.0
// Port of the key system. No AWS type crosses it, so that other vaults can stand behind it later. Adapters translate
// every failure into a KeyturnError: `KeyNotYetVisible`, `KeyNotUsable`, `KeyStoreUnavailable`, `Throttled`,
// `AccessDenied`, `CiphertextInvalid`, `KeyNotFound` or `DependencyUnavailable`.
import type { KeySpec, KeyUsage, Origin, PolicyTemplate } from '../contract/vocabulary.ts';
import type { AccessGrant, Instant } from '../keys/records.ts';

/** Encryption context: authenticated, not secret. */
export type Context = Readonly<Record<string, string>>;

/** Who owns a vault key, written on it so that an unrecorded one can be found and told from foreign keys. */
export interface Provenance {
  readonly stage: string;
  readonly name: string;
  readonly version: number;
  readonly operationId: string;
}

/** A key that was made now. */
export interface CreatedKey extends VaultKey {
  /** True when the vault was asked more than once, so that a second key may exist. */
  readonly isDoubtful?: boolean;
}

export interface VaultKey {
  readonly keyId: string;
  readonly keyArn: string;
  /** Of keys that can have several materials. */
  readonly materialId?: string | null;
}

/** Where a key is made. */
export interface KeyPlace {
  readonly origin: Origin;
  /** Of origin `AWS_CLOUDHSM`. */
  readonly keyStoreId: string | null;
  /** Absent: `SYMMETRIC_DEFAULT`. */
  readonly spec?: { readonly keySpec: KeySpec; readonly usage: KeyUsage };
}

/** A vault key of this stage that says it is not recorded yet. */
export interface UnrecordedKey extends VaultKey {
  readonly provenance: Provenance;
  readonly createdAt: string;
  /** `waiting`: for its material. */
  readonly state: 'enabled' | 'waiting' | 'other';
}

export interface KeyCreator {
  createKey(place: KeyPlace, provenance: Provenance): Promise<CreatedKey>;
  /**
   * Keys made for this version whose record was lost: at most a handful. In a large account it may end its look before
   * it has seen every key; what it did not reach is the orphan sweep's.
   */
  findUnrecorded(provenance: Provenance): Promise<readonly UnrecordedKey[]>;
  /** Marks the key as recorded; from then on the orphan sweep may not touch it. */
  markRecorded(keyId: string): Promise<void>;
}

export interface CryptoUser {
  encrypt(keyId: string, plaintext: Uint8Array, context: Context): Promise<Uint8Array>;
  /** @returns the plaintext, the id of the key that the ciphertext names, and its material where the vault says it. */
  decrypt(
    ciphertext: Uint8Array,
    context: Context,
    keyId?: string,
  ): Promise<{ plaintext: Uint8Array; keyId: string; materialId?: string | null }>;
}

/** By what a key signs or authenticates. */
export interface ProvingKey {
  readonly keyId: string;
  readonly usage: Exclude<KeyUsage, 'ENCRYPT_DECRYPT'>;
  readonly algorithm: string;
}

/** Signatures and message authentication codes, of messages of at most 4,096 bytes. */
export interface Prover {
  prove(key: ProvingKey, message: Uint8Array): Promise<Uint8Array>;
  /** Whether the key made the proof of this message: a refusal throws, a wrong proof does not. */
  holds(key: ProvingKey, message: Uint8Array, proof: Uint8Array): Promise<boolean>;
}

export interface ReEncryptor {
  /**
   * Turns a ciphertext into one of the target key without showing what it holds; the encryption context stays.
   * @returns the new ciphertext, and the id of the key that the old one names
   */
  reEncrypt(
    ciphertext: Uint8Array,
    context: Context,
    targetKeyId: string,
  ): Promise<{ ciphertext: Uint8Array; sourceKeyId: string }>;
}

/** When a key was last used for a cryptographic operation that worked. */
export interface LastUse {
  /** Null when the vault knows of no use since `trackedSince`. */
  readonly at: Instant | null;
  readonly operation: string | null;
  /** Since when the vault watches. */
  readonly trackedSince: Instant | null;
}

export interface LastUseReader {
  lastUse(keyId: string): Promise<LastUse>;
}

export interface MaterialRotator {
  /** KMS's id of the material that a key encrypts under now. */
  currentMaterial(keyId: string): Promise<string>;
  /** Asks for new material of the same key; what the older wrote still opens. @throws KeyturnError `InPlaceBudgetSpent` */
  rotateMaterial(keyId: string): Promise<void>;
}

export interface AliasWriter {
  /** The key id an alias points at, or null. */
  aliasTarget(alias: string): Promise<string | null>;
  createAlias(alias: string, keyId: string): Promise<void>;
  moveAlias(alias: string, keyId: string): Promise<void>;
}

export interface PolicyWriter {
  /** Puts the template's policy on the key; the same call twice is the same policy. */
  applyPolicy(
    keyId: string,
    template: PolicyTemplate,
    access: readonly AccessGrant[],
  ): Promise<void>;
}

export interface PolicyMeter {
  /** Bytes of the policy that a template makes of the access. */
  policyBytes(template: PolicyTemplate, access: readonly AccessGrant[]): number;
  /** Largest policy that the vault takes. */
  readonly limitBytes: number;
}

export interface PolicyReader {
  /** True when the key's policy, read back, is the template's. */
  hasPolicy(
    keyId: string,
    template: PolicyTemplate,
    access: readonly AccessGrant[],
  ): Promise<boolean>;
}

export interface KeyRemover {
  /** Schedules deletion; a key already scheduled is left as it is. `days` is 7 to 30 (KMS ScheduleKeyDeletion). */
  scheduleDeletion(keyId: string, days: number): Promise<void>;
}

export interface KeyBlocker {
  /** No use of the key works any more, whoever asks; a key already disabled stays so. */
  disable(keyId: string): Promise<void>;
  /** Takes back every grant on the key. @returns how many there were */
  revokeGrants(keyId: string): Promise<number>;
}

/** What the vault shows of a block: as late as it shows any change, so it is a hint and no proof. */
export interface BlockReader extends PolicyReader {
  isDisabled(keyId: string): Promise<boolean>;
}

export interface KeyEnabler {
  /** Undoes `disable`. */
  enable(keyId: string): Promise<void>;
}

export interface KeyUntagger {
  /** Takes Keyturn's marks off a key, so that none of its roles reaches the key any more; a key without them stays. */
  untag(keyId: string): Promise<void>;
}

/** Puts Keyturn's marks on a key that it did not make, and takes them off again. */
export interface KeyMarker {
  /** Marks the key as a recorded version that was adopted; its other tags stay. The same twice is the same. */
  mark(keyId: string, provenance: Provenance): Promise<void>;
  /** Takes the marks of this operation off; a key without them, or with others, stays as it is. */
  unmark(keyId: string, operationId: string): Promise<void>;
}

export interface PolicyRestorer {
  /** Puts a policy document as it is. */
  restorePolicy(keyId: string, document: string): Promise<void>;
}

export interface AliasRemover {
  /** Removes the alias if it leads to this key; one that is gone, or leads elsewhere, is left. */
  removeAlias(alias: string, keyId: string): Promise<void>;
}

export interface OrphanFinder {
  /** A page of this stage's vault keys that say they are not recorded. */
  listUnrecorded(
    stage: string,
    cursor: string | null,
  ): Promise<{ keys: readonly UnrecordedKey[]; nextCursor: string | null }>;
}
