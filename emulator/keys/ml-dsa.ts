// SPDX-License-Identifier: Apache-2.0
// ML-DSA, which SoftHSM does not know: keys are made of a seed from the HSM's generator and used by this process.
// @see FIPS 204, RFC 9881 (seeds as PKCS #8)
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { AwsError } from '../protocol/errors.ts';

/** Bytes of the seed that is the private key. */
export const SEED_BYTES = 32;

/** Last byte of the OID 2.16.840.1.101.3.4.3.x. */
const ALGORITHMS: ReadonlyMap<string, number> = new Map([
  ['ML_DSA_44', 17],
  ['ML_DSA_65', 18],
  ['ML_DSA_87', 19],
]);

/** Whether keys of the spec are kept as sealed seeds. */
export function isSeedSpec(spec: string): boolean {
  return ALGORITHMS.has(spec);
}

/** SEQUENCE { version 0, AlgorithmIdentifier, OCTET STRING { [0] seed } } */
function privateKeyOf(spec: string, seed: Buffer): KeyObject {
  const oid = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, ALGORITHMS.get(spec) ?? 0];
  const head = [0x30, 0x34, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, oid.length, ...oid];
  const key = Buffer.concat([Buffer.from([...head, 0x04, 0x22, 0x80, SEED_BYTES]), seed]);
  try {
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  } finally {
    key.fill(0);
  }
}

/** SubjectPublicKeyInfo of a seed's key. */
export function publicKeyOfSeed(spec: string, seed: Buffer): Buffer {
  return createPublicKey(privateKeyOf(spec, seed)).export({ format: 'der', type: 'spki' });
}

/** @throws AwsError unless the message is given as it is: node:crypto takes no digest of one */
export function requireRaw(messageType: string | undefined): void {
  const type = messageType ?? 'RAW';
  if (type === 'RAW') return;
  if (type === 'EXTERNAL_MU') {
    throw new AwsError(
      'UnsupportedOperationException',
      `MessageType ${type} is not supported in this region.`,
    );
  }
  throw new AwsError(
    'ValidationException',
    `MessageType ${type} is not valid for algorithm ML_DSA_SHAKE_256.`,
  );
}

/** Signs a message with an empty context. */
export function signWithSeed(spec: string, seed: Buffer, message: Buffer): Buffer {
  return sign(null, message, privateKeyOf(spec, seed));
}

/** Verifies a signature of a message. */
export function verifyMlDsa(publicKeyInfo: Buffer, message: Buffer, signature: Buffer): boolean {
  const key = createPublicKey({ key: publicKeyInfo, format: 'der', type: 'spki' });
  return verify(null, message, key, signature);
}
