// SPDX-License-Identifier: Apache-2.0
// ECDSA with P-256 as KMS speaks it: a message or its digest in, DER signatures and SPKI keys out.
import { createHash } from 'node:crypto';
import { signDigest, verifyDigest } from '#adapters/pkcs11/ecdsa.ts';
import { AwsError } from '../protocol/errors.ts';
import { blob, oneOf } from '../protocol/members.ts';
import { optional, required } from '../protocol/shape.ts';
import type { Emulator } from '../settings.ts';
import type { KeyRecord } from '../store/key-row.ts';
import { commonMembers, keyIdText } from './crypto-request.ts';

const DIGEST_BYTES = 32;
const COORDINATE_BYTES = 32;
/** DER of SubjectPublicKeyInfo for P-256 up to the uncompressed point (RFC 5480 §2). */
const SPKI_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');

/** Signing algorithms of the model. */
export const signingAlgorithm = oneOf([
  'RSASSA_PSS_SHA_256',
  'RSASSA_PSS_SHA_384',
  'RSASSA_PSS_SHA_512',
  'RSASSA_PKCS1_V1_5_SHA_256',
  'RSASSA_PKCS1_V1_5_SHA_384',
  'RSASSA_PKCS1_V1_5_SHA_512',
  'ECDSA_SHA_256',
  'ECDSA_SHA_384',
  'ECDSA_SHA_512',
  'SM2DSA',
  'ML_DSA_SHAKE_256',
  'ED25519_SHA_512',
  'ED25519_PH_SHA_512',
]);

/** Members of Sign and Verify. */
export const signingMembers = {
  KeyId: required(keyIdText),
  Message: required(blob(1, 4096)),
  MessageType: optional(oneOf(['RAW', 'DIGEST', 'EXTERNAL_MU'])),
  SigningAlgorithm: required(signingAlgorithm),
  ...commonMembers,
};

interface SigningInput {
  readonly Message: Buffer;
  readonly MessageType?: 'RAW' | 'DIGEST' | 'EXTERNAL_MU' | undefined;
  readonly SigningAlgorithm: string;
}

/** The digest to sign. @throws AwsError InvalidKeyUsageException, ValidationException */
export function digestOf(key: KeyRecord, input: SigningInput): Buffer {
  if (input.SigningAlgorithm !== 'ECDSA_SHA_256') {
    throw new AwsError(
      'InvalidKeyUsageException',
      `Algorithm ${input.SigningAlgorithm} is incompatible with key spec ${key.keySpec}.`,
    );
  }
  if ((input.MessageType ?? 'RAW') === 'RAW') {
    return createHash('sha256').update(input.Message).digest();
  }
  if (input.MessageType === 'DIGEST' && input.Message.length === DIGEST_BYTES) return input.Message;
  throw new AwsError(
    'ValidationException',
    `Digest is invalid length for algorithm ${input.SigningAlgorithm}.`,
  );
}

function derInteger(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const trimmed = bytes.subarray(start);
  const padded = (trimmed[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), trimmed]) : trimmed;
  return Buffer.concat([Buffer.from([0x02, padded.length]), padded]);
}

function toDer(raw: Buffer): Buffer {
  const body = Buffer.concat([
    derInteger(raw.subarray(0, COORDINATE_BYTES)),
    derInteger(raw.subarray(COORDINATE_BYTES)),
  ]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

/** Raw r || s of a DER signature; undefined unless it is the one DER encoding of two such integers. */
function fromDer(der: Buffer): Buffer | undefined {
  const rLength = der[3] ?? 0;
  const sLength = der[5 + rLength] ?? 0;
  const r = der.subarray(4, 4 + rLength);
  const s = der.subarray(6 + rLength, 6 + rLength + sLength);
  const raw = Buffer.concat([fixed(r), fixed(s)]);
  return raw.length === 2 * COORDINATE_BYTES && toDer(raw).equals(der) ? raw : undefined;
}

function fixed(integer: Buffer): Buffer {
  const trimmed = integer.length > COORDINATE_BYTES ? integer.subarray(1) : integer;
  return Buffer.concat([Buffer.alloc(Math.max(0, COORDINATE_BYTES - trimmed.length)), trimmed]);
}

function missing(): AwsError {
  return new AwsError('KMSInvalidStateException', 'The key material does not exist in the HSM.');
}

/** Signs a digest in the HSM; answers DER. */
export function signWith(emulator: Emulator, key: KeyRecord, digest: Buffer): Buffer {
  const usable = emulator.material.use(key);
  if (usable === undefined) throw missing();
  return toDer(signDigest(usable.token, usable.handle, digest));
}

/** Verifies a DER signature in the HSM. */
export function verifyWith(
  emulator: Emulator,
  key: KeyRecord,
  digest: Buffer,
  signature: Buffer,
): boolean {
  const usable = emulator.material.usePublic(key);
  if (usable === undefined) throw missing();
  const raw = fromDer(signature);
  return raw !== undefined && verifyDigest(usable.token, usable.handle, digest, raw);
}

/** SubjectPublicKeyInfo of the key's public half. */
export function publicKeyInfo(key: KeyRecord): Buffer {
  if (key.publicPoint === null) throw missing();
  // CKA_EC_POINT is an OCTET STRING around the point: two bytes of header.
  return Buffer.concat([SPKI_PREFIX, key.publicPoint.subarray(2)]);
}
