// SPDX-License-Identifier: Apache-2.0
// Material of KMS keys in the HSM. Custom-store keys are token objects of their cluster, labelled with the
// key ARN; standard-store keys are blobs under the domain key, unwrapped into session objects on use.
// No key byte ever enters this process, but for the seeds of ML-DSA, which SoftHSM does not know.
import { Pkcs11Failure } from '#adapters/pkcs11/errors.ts';
import type { PairUse } from '#adapters/pkcs11/key-pairs.ts';
import { unwrapKey, type WrappedKind, wrapKey } from '#adapters/pkcs11/key-wrap.ts';
import {
  generateTokenPair,
  generateWrappedPair,
  importPublicKey,
} from '#adapters/pkcs11/pair-generation.ts';
import type { KeyHandle, Token } from '#adapters/pkcs11/token.ts';
import { hmacBits, pairKind } from '../keys/key-specs.ts';
import { isSeedSpec, publicKeyOfSeed, SEED_BYTES } from '../keys/ml-dsa.ts';
import type { KeyRecord, KeySpec } from '../store/key-row.ts';
import { HandleCache } from './handle-cache.ts';
import type { Hsm } from './hsm.ts';
import { ObjectIndex } from './object-index.ts';
import { openSealedSeed, sealSeed } from './sealed-seed.ts';
import type { UsableKey } from './usable-key.ts';

/** What decides how a key's material is made. */
export type KeyDesign = Pick<KeyRecord, 'keySpec' | 'keyUsage'>;

/** A standard-store key as it is kept. */
export interface WrappedMaterial {
  readonly wrappedKey: Buffer;
  readonly publicKey: Buffer | null;
}

// An object of either kind costs 9 to 10 KB in SoftHSM: 100 MB for as many as this. Objects on tokens are always
// there, so unwrapped ones take what they leave. A handle itself is 8 bytes.
const OBJECT_LIMIT = 10_240;
const UNWRAPPED_LEAST = 2048;
const PUBLIC_LIMIT = 2048;
const TOKEN_HANDLE_LIMIT = 65_536;

/** Makes, finds and destroys the material of KMS keys. */
export class KeyMaterial {
  readonly #hsm: Hsm;
  readonly #unwrapped: HandleCache;
  readonly #publicKeys: HandleCache;
  #onToken = new HandleCache(
    () => TOKEN_HANDLE_LIMIT,
    () => undefined,
  );
  /** By cluster, since its handles are valid. */
  readonly #indexes = new Map<string, ObjectIndex>();

  constructor(hsm: Hsm) {
    this.#hsm = hsm;
    const destroy = (handle: KeyHandle) => hsm.domain.token.destroy(handle);
    const room = () => Math.max(UNWRAPPED_LEAST, OBJECT_LIMIT - this.#onToken.size);
    this.#unwrapped = new HandleCache(room, destroy);
    this.#publicKeys = new HandleCache(() => PUBLIC_LIMIT, destroy);
    hsm.onReload(() => {
      for (const cache of [this.#unwrapped, this.#publicKeys, this.#onToken]) cache.clear();
      this.#forgetIndexes();
    });
  }

  /** Makes a secret key of the standard store. */
  generateWrapped(keyId: string, spec: KeySpec): WrappedMaterial {
    const { token, key: domainKey } = this.#hsm.domain;
    const placement = { label: keyId, id: Buffer.from(keyId) };
    const bits = hmacBits(spec);
    const key =
      bits === undefined
        ? token.generateWrappableKey(placement)
        : token.generateWrappableHmacKey(placement, bits / 8);
    return { wrappedKey: wrapAndDestroy(token, domainKey, key), publicKey: null };
  }

  /** Makes a key of the standard store, secret or pair. */
  async generateStandard(keyId: string, wanted: KeyDesign): Promise<WrappedMaterial> {
    if (isSeedSpec(wanted.keySpec)) return this.#generateSeed(keyId, wanted.keySpec);
    const kind = pairKind(wanted.keySpec);
    if (kind === undefined) return this.generateWrapped(keyId, wanted.keySpec);
    const { token, key: domainKey } = this.#hsm.domain;
    const named = { label: keyId, id: Buffer.from(keyId) };
    const pair = { ...named, kind, use: privateUse(wanted) };
    const { blob, publicKeyInfo } = await generateWrappedPair(token, domainKey, pair);
    return { wrappedKey: blob, publicKey: publicKeyInfo };
  }

  #generateSeed(keyId: string, keySpec: KeySpec): WrappedMaterial {
    const { wrappedKey: sealingKey } = this.generateWrapped(keyId, 'SYMMETRIC_DEFAULT');
    const seed = this.#hsm.random(SEED_BYTES);
    try {
      const wrappedKey = sealSeed(this.#hsm.domain, keyId, sealingKey, seed);
      return { wrappedKey, publicKey: publicKeyOfSeed(keySpec, seed) };
    } finally {
      seed.fill(0);
    }
  }

  /** The seed of an ML-DSA key, which the caller wipes; undefined when there is none. */
  openSeed({ keyId, wrappedKey }: KeyRecord): Buffer | undefined {
    return wrappedKey === null ? undefined : openSealedSeed(this.#hsm.domain, keyId, wrappedKey);
  }

  /** Makes a pair that stays on the domain token; answers its SubjectPublicKeyInfo. */
  async generateOnDomainToken(keyId: string): Promise<Buffer> {
    const { privateKey, publicKeyInfo } = await generateTokenPair(this.#hsm.domain.token, {
      label: keyId,
      id: Buffer.from(keyId),
      kind: 'ed25519',
      use: 'sign',
    });
    this.#onToken.set(keyId, privateKey);
    return publicKeyInfo;
  }

  /** Makes a key of a custom key store in its cluster. */
  async generateInCluster(clusterId: string, keyId: string, arn: string): Promise<void> {
    const token = this.#hsm.clusterToken(clusterId);
    const handle = await token.generateTokenKey({ label: arn, id: Buffer.from(keyId) }, 'encrypt');
    this.#onToken.set(keyId, handle);
  }

  /** The secret or private key of a record, or undefined when the HSM does not have it. */
  use(record: KeyRecord): UsableKey | undefined {
    return record.clusterId === null ? this.#useWrapped(record) : this.#useTokenObject(record);
  }

  /** The public key object of an asymmetric key, for verification and encryption in the HSM. */
  usePublic(record: KeyRecord): UsableKey | undefined {
    const kind = pairKind(record.keySpec);
    if (record.publicKey === null || kind === undefined) return undefined;
    const { token } = this.#hsm.domain;
    const handle =
      this.#publicKeys.get(record.keyId) ?? importPublicKey(token, kind, record.publicKey);
    this.#publicKeys.set(record.keyId, handle);
    return { token, handle };
  }

  /** Forgets handles and removes the token objects of a key; harmless when there are none. */
  destroy(record: KeyRecord): void {
    const { token: domainToken } = this.#hsm.domain;
    this.forgetMaterial(record.materialId);
    const publicKey = this.#publicKeys.take(record.keyId);
    if (publicKey !== undefined) domainToken.destroy(publicKey);
    const known = this.#onToken.take(record.keyId);
    const id = Buffer.from(record.keyId);
    if (livesOnDomainToken(record.keySpec)) {
      for (const handle of domainToken.findPrivateKeys(id)) domainToken.destroy(handle);
    }
    if (record.clusterId === null) return;
    const token = this.#hsm.clusterToken(record.clusterId);
    if (known !== undefined && isDestroyed(token, known)) return;
    for (const handle of token.findSecretKeys(id)) token.destroy(handle);
  }

  /** Removes the unwrapped object of a material, of which only the wrapped form may remain. */
  forgetMaterial(materialId: string): void {
    const handle = this.#unwrapped.take(materialId);
    if (handle !== undefined) this.#hsm.domain.token.destroy(handle);
  }

  /** Forgets the handle of a token object; the next use looks it up again. */
  forget(record: KeyRecord): void {
    this.#onToken.take(record.keyId);
  }

  /** Forgets all handles of token objects, after objects went in bulk; they are looked up again. */
  forgetCluster(): void {
    this.#onToken = new HandleCache(
      () => TOKEN_HANDLE_LIMIT,
      () => undefined,
    );
    this.#forgetIndexes();
  }

  #useWrapped(record: KeyRecord): UsableKey | undefined {
    const { token, key: domainKey } = this.#hsm.domain;
    if (livesOnDomainToken(record.keySpec)) return this.#useOnDomainToken(record);
    if (record.wrappedKey === null) return undefined;
    const known = this.#unwrapped.get(record.materialId);
    if (known !== undefined) return { token, handle: known };
    const handle = unwrapKey(token, domainKey, {
      kind: wrappedKind(record.keySpec),
      use: privateUse(record),
      blob: record.wrappedKey,
      label: record.keyId,
      id: Buffer.from(record.keyId),
    });
    this.#unwrapped.set(record.materialId, handle);
    return { token, handle };
  }

  #useOnDomainToken(record: KeyRecord): UsableKey | undefined {
    const { token } = this.#hsm.domain;
    const handle =
      this.#onToken.get(record.keyId) ?? token.findPrivateKeys(Buffer.from(record.keyId))[0];
    if (handle === undefined) return undefined;
    this.#onToken.set(record.keyId, handle);
    return { token, handle };
  }

  #useTokenObject(record: KeyRecord): UsableKey | undefined {
    if (record.clusterId === null) return undefined;
    const token = this.#hsm.clusterToken(record.clusterId);
    const known = this.#onToken.get(record.keyId);
    if (known !== undefined) return { token, handle: known };
    const handle =
      this.#index(record.clusterId, token).search(record.keyId) ??
      token.findSecretKeys(Buffer.from(record.keyId))[0];
    if (handle === undefined) return undefined;
    this.#onToken.set(record.keyId, handle);
    return { token, handle };
  }

  /** After a start no handle is known; the first search for one sets out to find the others as well. */
  #index(clusterId: string, token: Token): ObjectIndex {
    const known = this.#indexes.get(clusterId);
    if (known !== undefined) return known;
    const index = new ObjectIndex(token, (keyId, handle) => this.#onToken.set(keyId, handle));
    this.#indexes.set(clusterId, index);
    // A token that fails now fails the next call that needs it, which then tells of it.
    index.finish().catch(() => index.abandon());
    return index;
  }

  #forgetIndexes(): void {
    for (const index of this.#indexes.values()) index.abandon();
    this.#indexes.clear();
  }
}

/** SoftHSM wraps no Edwards keys: they stay on the domain token, never extractable. */
export function livesOnDomainToken(spec: KeySpec): boolean {
  return spec === 'ECC_NIST_EDWARDS25519';
}

function wrappedKind(spec: KeySpec): WrappedKind {
  return pairKind(spec) ?? (hmacBits(spec) === undefined ? 'aes-256' : 'hmac');
}

function privateUse({ keyUsage }: KeyDesign): PairUse {
  if (keyUsage === 'KEY_AGREEMENT') return 'derive';
  return keyUsage === 'ENCRYPT_DECRYPT' ? 'decrypt' : 'sign';
}

/** Destroys an object by a handle that may be out of date. */
function isDestroyed(token: Token, handle: KeyHandle): boolean {
  try {
    token.destroy(handle);
    return true;
  } catch (error) {
    if (error instanceof Pkcs11Failure && error.code === 'CKR_OBJECT_HANDLE_INVALID') return false;
    throw error;
  }
}

function wrapAndDestroy(token: Token, domainKey: KeyHandle, key: KeyHandle): Buffer {
  try {
    return wrapKey(token, domainKey, key);
  } finally {
    token.destroy(key);
  }
}
