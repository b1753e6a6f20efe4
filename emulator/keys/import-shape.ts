// SPDX-License-Identifier: Apache-2.0
// What imported material must look like for each kind of key, and how the HSM takes it: secret bytes of one
// length, or a PKCS#8 private key of the key's own spec.
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { type Outside, wrapOutsideKey, wrapOutsidePair } from '#adapters/pkcs11/import-wrapping.ts';
import type { PairKind } from '#adapters/pkcs11/key-pairs.ts';
import { AwsError } from '../protocol/errors.ts';
import type { Emulator } from '../settings.ts';
import type { KeyRecord } from '../store/key-row.ts';
import { hmacBits, pairKind } from './key-specs.ts';

const SYMMETRIC_BYTES = 32;
const CURVE_NAMES: Readonly<Partial<Record<PairKind, string>>> = {
  'p-256': 'prime256v1',
  'p-384': 'secp384r1',
  'p-521': 'secp521r1',
  secp256k1: 'secp256k1',
};

/** Material ready for the HSM; `identity` are the bytes that make it this material. */
export interface ImportedShape {
  readonly identity: Buffer;
  /** SubjectPublicKeyInfo of a pair. */
  readonly publicKey: Buffer | null;
  /** The material under the domain key. */
  wrapped(): Buffer;
}

function incorrect(message: string): AwsError {
  return new AwsError('IncorrectKeyMaterialException', message);
}

/** @throws AwsError UnsupportedOperationException for a way of wrapping that AWS does not take for such keys */
export function requireWrappable(key: KeyRecord, algorithm: string, wrappingSpec: string): void {
  if (algorithm.startsWith('RSA_AES')) return;
  const isRsa = key.keySpec.startsWith('RSA_');
  const isTooLong = key.keySpec === 'ECC_NIST_P521' && wrappingSpec === 'RSA_2048';
  if (!isRsa && !isTooLong) return;
  throw new AwsError(
    'UnsupportedOperationException',
    `Key material of key spec ${key.keySpec} cannot be wrapped with ${algorithm} under ${wrappingSpec}.`,
  );
}

function isOfKind(kind: PairKind, key: KeyObject): boolean {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  if (kind.startsWith('rsa-')) {
    return key.asymmetricKeyType === 'rsa' && modulusLength === Number(kind.slice('rsa-'.length));
  }
  return key.asymmetricKeyType === 'ec' && namedCurve === CURVE_NAMES[kind];
}

function parsePrivateKey(der: Buffer): KeyObject | undefined {
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } catch {
    return undefined;
  }
}

function pairShape(
  key: KeyRecord,
  kind: PairKind,
  clear: Buffer,
  wrap: (outside: Outside) => Buffer,
): ImportedShape {
  const privateKey = parsePrivateKey(clear);
  if (privateKey === undefined || !isOfKind(kind, privateKey)) {
    throw incorrect(`The key material is not a PKCS#8 private key of key spec ${key.keySpec}.`);
  }
  // Written anew, so that one private key is one material however its DER was made.
  const identity = privateKey.export({ format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { identity, publicKey, wrapped: () => wrap({ kind, bytes: identity }) };
}

/** Checks clear material against the key that is to have it. @throws AwsError IncorrectKeyMaterialException */
export function importedShape({ hsm }: Emulator, key: KeyRecord, clear: Buffer): ImportedShape {
  const { token, key: domainKey } = hsm.domain;
  const placement = { label: key.keyId, id: Buffer.from(key.keyId) };
  const kind = pairKind(key.keySpec);
  if (kind !== undefined) {
    const wrap = (outside: Outside) => wrapOutsidePair(token, domainKey, placement, outside);
    return pairShape(key, kind, clear, wrap);
  }
  const bits = hmacBits(key.keySpec);
  const size = bits === undefined ? SYMMETRIC_BYTES : bits / 8;
  if (clear.length !== size) throw incorrect(`The key material must be ${size} bytes.`);
  const use = bits === undefined ? 'encrypt' : 'mac';
  const wrapped = () => wrapOutsideKey(token, domainKey, { ...placement, use }, clear);
  return { identity: clear, publicKey: null, wrapped };
}
