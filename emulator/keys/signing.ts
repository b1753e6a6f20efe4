// SPDX-License-Identifier: Apache-2.0
// Sign and Verify as KMS speaks them: a message or its digest in, DER signatures of ECDSA, raw ones else.
// Digests are made here, signatures in the HSM.
import { createHash } from 'node:crypto';
import { signDigest, signEd25519, verifyDigest, verifyEd25519 } from '#adapters/pkcs11/ecdsa.ts';
import { coordinateBytes, modulusBits } from '#adapters/pkcs11/key-pairs.ts';
import { type RsaHash, type RsaScheme, rsaSign, rsaVerify } from '#adapters/pkcs11/rsa.ts';
import { AwsError } from '../protocol/errors.ts';
import { blob, oneOf } from '../protocol/members.ts';
import { optional, required } from '../protocol/shape.ts';
import type { Emulator } from '../settings.ts';
import type { KeyRecord } from '../store/key-row.ts';
import { commonMembers, keyIdText } from './crypto-request.ts';
import { derOfSignature, signatureOfDer } from './ecdsa-der.ts';
import { pairKind, requireAlgorithm } from './key-specs.ts';
import { isSeedSpec, requireRaw, signWithSeed, verifyMlDsa } from './ml-dsa.ts';

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

/** What is signed, and how. */
export interface SigningInput {
  readonly Message: Buffer;
  readonly MessageType?: 'RAW' | 'DIGEST' | 'EXTERNAL_MU' | undefined;
  readonly SigningAlgorithm: string;
}

const DIGEST_BYTES: Readonly<Record<RsaHash, number>> = { sha256: 32, sha384: 48, sha512: 64 };

function hashOf(algorithm: string): RsaHash {
  return `sha${algorithm.slice(-3)}` as RsaHash;
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

/** The bytes the HSM signs: a digest, or for Ed25519 the message. @throws AwsError ValidationException */
function toBeSigned(input: SigningInput): Buffer {
  const { Message, MessageType = 'RAW', SigningAlgorithm } = input;
  if (SigningAlgorithm === 'ED25519_SHA_512') {
    if (MessageType === 'RAW') return Message;
    throw invalid(`MessageType ${MessageType} is not valid for algorithm ${SigningAlgorithm}.`);
  }
  if (SigningAlgorithm === 'ML_DSA_SHAKE_256') {
    requireRaw(MessageType);
    return Message;
  }
  const hash = hashOf(SigningAlgorithm);
  if (MessageType === 'RAW') return createHash(hash).update(Message).digest();
  if (MessageType === 'DIGEST' && Message.length === DIGEST_BYTES[hash]) return Message;
  if (MessageType === 'DIGEST') {
    throw invalid(`Digest is invalid length for algorithm ${SigningAlgorithm}.`);
  }
  throw invalid(`MessageType ${MessageType} is not valid for algorithm ${SigningAlgorithm}.`);
}

/** The bytes the HSM signs, once the algorithm is known to fit the key. @throws AwsError */
function checked(key: KeyRecord, input: SigningInput): Buffer {
  if (input.SigningAlgorithm === 'ED25519_PH_SHA_512' && key.keySpec === 'ECC_NIST_EDWARDS25519') {
    throw new AwsError(
      'UnsupportedOperationException',
      'SigningAlgorithm ED25519_PH_SHA_512 is not supported in this region.',
    );
  }
  requireAlgorithm(key, input.SigningAlgorithm);
  return toBeSigned(input);
}

function kindOf(key: KeyRecord) {
  const kind = pairKind(key.keySpec);
  if (kind === undefined) throw missing();
  return kind;
}

function rsaScheme(key: KeyRecord, algorithm: string): RsaScheme {
  const padding = algorithm.startsWith('RSASSA_PSS') ? 'pss' : 'pkcs1';
  return { padding, hash: hashOf(algorithm), size: modulusBits(kindOf(key)) / 8 };
}

function missing(): AwsError {
  return new AwsError('KMSInvalidStateException', 'The key material does not exist in the HSM.');
}

/** ML-DSA: the HSM gives the seed for as long as the signature takes. */
function signByProcess(emulator: Emulator, key: KeyRecord, message: Buffer): Buffer {
  const seed = emulator.material.openSeed(key);
  if (seed === undefined) throw missing();
  try {
    return signWithSeed(key.keySpec, seed, message);
  } finally {
    seed.fill(0);
  }
}

/** Signs in the HSM. @throws AwsError InvalidKeyUsageException, ValidationException */
export function signWith(emulator: Emulator, key: KeyRecord, input: SigningInput): Buffer {
  const data = checked(key, input);
  if (isSeedSpec(key.keySpec)) return signByProcess(emulator, key, data);
  const usable = emulator.material.use(key);
  if (usable === undefined) throw missing();
  const { token, handle } = usable;
  const algorithm = input.SigningAlgorithm;
  if (algorithm.startsWith('RSASSA')) {
    return rsaSign(token, handle, rsaScheme(key, algorithm), data);
  }
  if (algorithm === 'ED25519_SHA_512') return signEd25519(token, handle, data);
  return derOfSignature(signDigest(token, handle, data, 2 * coordinateBytes(kindOf(key))));
}

/** Verifies in the HSM. @throws AwsError InvalidKeyUsageException, ValidationException */
export function verifyWith(
  emulator: Emulator,
  key: KeyRecord,
  input: SigningInput,
  signature: Buffer,
): boolean {
  const data = checked(key, input);
  if (isSeedSpec(key.keySpec)) {
    if (key.publicKey === null) throw missing();
    return verifyMlDsa(key.publicKey, data, signature);
  }
  const usable = emulator.material.usePublic(key);
  if (usable === undefined) throw missing();
  const { token, handle } = usable;
  const algorithm = input.SigningAlgorithm;
  if (algorithm.startsWith('RSASSA')) {
    return rsaVerify(token, handle, rsaScheme(key, algorithm), data, signature);
  }
  if (algorithm === 'ED25519_SHA_512') return verifyEd25519(token, handle, data, signature);
  const raw = signatureOfDer(signature, coordinateBytes(kindOf(key)));
  return raw !== undefined && verifyDigest(token, handle, data, raw);
}
