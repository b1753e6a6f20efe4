// SPDX-License-Identifier: Apache-2.0
// Ciphertext blobs: "KTK" | kind of id | key id (its 16 bytes) | material (8 bytes) | IV | ciphertext | tag.
// The header and the encryption context are authenticated: neither can be changed without breaking the tag.
import { open, SEAL_OVERHEAD_BYTES, seal } from '#adapters/pkcs11/aes-gcm.ts';
import { Pkcs11Failure } from '#adapters/pkcs11/errors.ts';
import type { UsableKey } from '../hsm/usable-key.ts';
import { AwsError } from '../protocol/errors.ts';
import type { Emulator } from '../settings.ts';
import type { KeyRecord } from '../store/key-row.ts';
import { isMultiRegion } from './multi-region.ts';

/** An encryption context, or none. */
export type EncryptionContext = ReadonlyMap<string, string> | undefined;

/** A blob taken apart. */
export interface Ciphertext {
  readonly keyId: string;
  readonly header: Buffer;
  readonly sealed: Buffer;
}

// UUIDs are of kind 1, ids of multi-Region keys of kind 2.
const MAGIC = Buffer.from('KTK\x01', 'latin1');
const MULTI_REGION_MAGIC = Buffer.from('KTK\x02', 'latin1');
const MATERIAL_BYTES = 8;
const HEADER_BYTES = MAGIC.length + 16 + MATERIAL_BYTES;

function lengthPrefixed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Pairs sorted by bytes of the name, every part with its length: no two contexts share an encoding. */
export function encodeContext(context: EncryptionContext): Buffer {
  const pairs = [...(context ?? [])]
    .map(([name, value]) => [Buffer.from(name, 'utf8'), Buffer.from(value, 'utf8')] as const)
    .sort(([left], [right]) => Buffer.compare(left, right));
  return Buffer.concat(
    pairs.flatMap(([name, value]) => [lengthPrefixed(name), lengthPrefixed(value)]),
  );
}

function headerOf(key: KeyRecord): Buffer {
  const material = Buffer.from(key.materialId, 'hex').subarray(0, MATERIAL_BYTES);
  if (isMultiRegion(key.keyId)) {
    const id = Buffer.from(key.keyId.slice('mrk-'.length), 'hex');
    return Buffer.concat([MULTI_REGION_MAGIC, id, material]);
  }
  const id = Buffer.from(key.keyId.replaceAll('-', ''), 'hex');
  return Buffer.concat([MAGIC, id, material]);
}

function invalidCiphertext(): AwsError {
  return new AwsError('InvalidCiphertextException');
}

/** Takes a blob apart without opening it. @throws AwsError InvalidCiphertextException */
export function parseCiphertext(blob: Buffer): Ciphertext {
  const magic = blob.subarray(0, MAGIC.length);
  const isMulti = magic.equals(MULTI_REGION_MAGIC);
  const isOurs = isMulti || magic.equals(MAGIC);
  if (!isOurs || blob.length <= HEADER_BYTES + SEAL_OVERHEAD_BYTES) throw invalidCiphertext();
  const hex = blob.subarray(MAGIC.length, MAGIC.length + 16).toString('hex');
  return {
    keyId: isMulti
      ? `mrk-${hex}`
      : hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    header: blob.subarray(0, HEADER_BYTES),
    sealed: blob.subarray(HEADER_BYTES),
  };
}

/** An object removed behind KMS's back: operations fail, the state that KMS shows stays as it is. */
function missingMaterial(emulator: Emulator, key: KeyRecord): AwsError {
  emulator.material.forget(key);
  return new AwsError('KMSInvalidStateException', 'The key material does not exist in the HSM.');
}

function isGone(error: unknown): boolean {
  const codes = ['CKR_KEY_HANDLE_INVALID', 'CKR_OBJECT_HANDLE_INVALID'];
  return error instanceof Pkcs11Failure && codes.includes(error.code);
}

function materialOf(emulator: Emulator, key: KeyRecord): UsableKey {
  const usable = emulator.material.use(key);
  if (usable !== undefined) return usable;
  throw missingMaterial(emulator, key);
}

/** Encrypts 1 to 4,096 bytes. */
export function encryptUnder(
  emulator: Emulator,
  key: KeyRecord,
  plaintext: Buffer,
  context: EncryptionContext,
): Buffer {
  const { token, handle } = materialOf(emulator, key);
  const header = headerOf(key);
  const additionalData = Buffer.concat([header, encodeContext(context)]);
  try {
    return Buffer.concat([header, seal(token, handle, plaintext, additionalData)]);
  } catch (error) {
    throw isGone(error) ? missingMaterial(emulator, key) : error;
  }
}

/**
 * The key with the material that sealed the ciphertext, which may be one from before a rotation.
 * @throws AwsError InvalidCiphertextException when the key never had that material
 */
export function keyOfMaterial(emulator: Emulator, key: KeyRecord, ciphertext: Ciphertext) {
  if (ciphertext.header.equals(headerOf(key))) return key;
  const holder = emulator.store.materials
    .ofKey(key.keyId)
    .map(({ materialId, wrappedKey }): KeyRecord => ({ ...key, materialId, wrappedKey }))
    .find((candidate) => ciphertext.header.equals(headerOf(candidate)));
  if (holder === undefined) throw invalidCiphertext();
  return holder;
}

/** Decrypts with the material of the record. @throws AwsError InvalidCiphertextException when key, context or bytes are others */
export function decryptUnder(
  emulator: Emulator,
  key: KeyRecord,
  ciphertext: Ciphertext,
  context: EncryptionContext,
): Buffer {
  const { token, handle } = materialOf(emulator, key);
  if (!ciphertext.header.equals(headerOf(key))) throw invalidCiphertext();
  const additionalData = Buffer.concat([ciphertext.header, encodeContext(context)]);
  try {
    return open(token, handle, ciphertext.sealed, additionalData);
  } catch (error) {
    // SoftHSM reports a wrong tag as CKR_GENERAL_ERROR; other modules use the specific value.
    const wrongTag = ['CKR_GENERAL_ERROR', 'CKR_ENCRYPTED_DATA_INVALID'];
    if (error instanceof Pkcs11Failure && wrongTag.includes(error.code)) throw invalidCiphertext();
    throw isGone(error) ? missingMaterial(emulator, key) : error;
  }
}
