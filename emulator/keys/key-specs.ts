// SPDX-License-Identifier: Apache-2.0
// What each key spec can be used for, and with which algorithms, as DescribeKey lists them.
import type { PairKind } from '#adapters/pkcs11/key-pairs.ts';
import { AwsError } from '../protocol/errors.ts';
import type { KeyRecord, KeySpec, KeyUsage } from '../store/key-row.ts';

type Algorithms = readonly string[];
type Usages = Readonly<Partial<Record<KeyUsage, Algorithms>>>;

const RSA: Usages = {
  SIGN_VERIFY: [
    'RSASSA_PKCS1_V1_5_SHA_256',
    'RSASSA_PKCS1_V1_5_SHA_384',
    'RSASSA_PKCS1_V1_5_SHA_512',
    'RSASSA_PSS_SHA_256',
    'RSASSA_PSS_SHA_384',
    'RSASSA_PSS_SHA_512',
  ],
  ENCRYPT_DECRYPT: ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'],
};

const curve = (signing: string): Usages => ({ SIGN_VERIFY: [signing], KEY_AGREEMENT: ['ECDH'] });
const mac = (algorithm: string): Usages => ({ GENERATE_VERIFY_MAC: [algorithm] });
const ML_DSA: Usages = { SIGN_VERIFY: ['ML_DSA_SHAKE_256'] };

const USAGES: Readonly<Record<KeySpec, Usages>> = {
  SYMMETRIC_DEFAULT: { ENCRYPT_DECRYPT: ['SYMMETRIC_DEFAULT'] },
  RSA_2048: RSA,
  RSA_3072: RSA,
  RSA_4096: RSA,
  ECC_NIST_P256: curve('ECDSA_SHA_256'),
  ECC_NIST_P384: curve('ECDSA_SHA_384'),
  ECC_NIST_P521: curve('ECDSA_SHA_512'),
  ECC_SECG_P256K1: { SIGN_VERIFY: ['ECDSA_SHA_256'] },
  ECC_NIST_EDWARDS25519: { SIGN_VERIFY: ['ED25519_SHA_512'] },
  HMAC_224: mac('HMAC_SHA_224'),
  HMAC_256: mac('HMAC_SHA_256'),
  HMAC_384: mac('HMAC_SHA_384'),
  HMAC_512: mac('HMAC_SHA_512'),
  ML_DSA_44: ML_DSA,
  ML_DSA_65: ML_DSA,
  ML_DSA_87: ML_DSA,
};

const PAIRS: Readonly<Partial<Record<string, PairKind>>> = {
  RSA_2048: 'rsa-2048',
  RSA_3072: 'rsa-3072',
  RSA_4096: 'rsa-4096',
  ECC_NIST_P256: 'p-256',
  ECC_NIST_P384: 'p-384',
  ECC_NIST_P521: 'p-521',
  ECC_SECG_P256K1: 'secp256k1',
  ECC_NIST_EDWARDS25519: 'ed25519',
};

const MEMBER: Readonly<Record<KeyUsage, string>> = {
  ENCRYPT_DECRYPT: 'EncryptionAlgorithms',
  SIGN_VERIFY: 'SigningAlgorithms',
  GENERATE_VERIFY_MAC: 'MacAlgorithms',
  KEY_AGREEMENT: 'KeyAgreementAlgorithms',
};

/** True for specs of AWS that keys can have here. */
export function isSupportedSpec(spec: string): spec is KeySpec {
  return Object.hasOwn(USAGES, spec);
}

/** Whether keys of the spec can have the usage. */
export function allowsUsage(spec: KeySpec, usage: string): usage is KeyUsage {
  return Object.hasOwn(USAGES[spec], usage);
}

/** The pair that a spec of keys or data key pairs stands for; undefined for secret keys. */
export function pairKind(spec: string): PairKind | undefined {
  return PAIRS[spec];
}

/** Bits of an HMAC key, or undefined. */
export function hmacBits(spec: KeySpec): number | undefined {
  return spec.startsWith('HMAC_') ? Number(spec.slice('HMAC_'.length)) : undefined;
}

/** What a key can be used with, under the name that its usage gives it. */
export function algorithmMembers(key: Pick<KeyRecord, 'keySpec' | 'keyUsage'>) {
  return { [MEMBER[key.keyUsage]]: USAGES[key.keySpec][key.keyUsage] ?? [] };
}

/** @throws AwsError InvalidKeyUsageException unless the key works with the algorithm */
export function requireAlgorithm(
  key: Pick<KeyRecord, 'keySpec' | 'keyUsage'>,
  algorithm: string,
): void {
  if (USAGES[key.keySpec][key.keyUsage]?.includes(algorithm) === true) return;
  throw new AwsError(
    'InvalidKeyUsageException',
    `Algorithm ${algorithm} is incompatible with key spec ${key.keySpec}.`,
  );
}
