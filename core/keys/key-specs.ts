// SPDX-License-Identifier: Apache-2.0
// Algorithms as data (requirement L7): what a key of each spec is for, and by which algorithm its canary is proven.
// A new algorithm is its line here and its name in `vocabulary.ts`. CloudHSM key stores and imported material serve
// `SYMMETRIC_DEFAULT` alone here, and KMS rotates no other spec in place (AWS KMS developer guide, key stores, rotation).
import type { KeySpec, KeyUsage } from '../contract/vocabulary.ts';
import type { KeyRecord } from './records.ts';

export interface SpecEntry {
  readonly usage: KeyUsage;
  /** KMS's name of the signing or MAC algorithm of the canary; null: the canary is encrypted. */
  readonly algorithm: string | null;
}

const signs = (algorithm: string): SpecEntry => ({ usage: 'SIGN_VERIFY', algorithm });
const authenticates = (algorithm: string): SpecEntry => ({
  usage: 'GENERATE_VERIFY_MAC',
  algorithm,
});

export const KEY_SPEC_TABLE: Readonly<Record<KeySpec, SpecEntry>> = {
  SYMMETRIC_DEFAULT: { usage: 'ENCRYPT_DECRYPT', algorithm: null },
  RSA_2048: signs('RSASSA_PSS_SHA_256'),
  RSA_3072: signs('RSASSA_PSS_SHA_256'),
  RSA_4096: signs('RSASSA_PSS_SHA_256'),
  ECC_NIST_P256: signs('ECDSA_SHA_256'),
  ECC_NIST_P384: signs('ECDSA_SHA_384'),
  HMAC_256: authenticates('HMAC_SHA_256'),
  HMAC_384: authenticates('HMAC_SHA_384'),
  HMAC_512: authenticates('HMAC_SHA_512'),
};

/** The spec of a key; records written before there were specs are symmetric. */
export function specOf({ keySpec }: Pick<KeyRecord, 'keySpec'>): KeySpec {
  return keySpec ?? 'SYMMETRIC_DEFAULT';
}

/** Whether the key encrypts; the others sign or authenticate, and nothing lies under them. */
export function encrypts(key: Pick<KeyRecord, 'keySpec'>): boolean {
  return KEY_SPEC_TABLE[specOf(key)].usage === 'ENCRYPT_DECRYPT';
}
