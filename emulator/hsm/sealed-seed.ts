// SPDX-License-Identifier: Apache-2.0
// Seeds of ML-DSA keys at rest: an AES key of its own, wrapped under the domain key, and behind it the seed that
// this key sealed inside the HSM.
import { open, SEAL_OVERHEAD_BYTES, seal } from '#adapters/pkcs11/aes-gcm.ts';
import { unwrapKey } from '#adapters/pkcs11/key-wrap.ts';
import type { KeyHandle } from '#adapters/pkcs11/token.ts';
import { SEED_BYTES } from '../keys/ml-dsa.ts';
import type { Hsm } from './hsm.ts';

/** The domain key and its token. */
type Domain = Hsm['domain'];

/** Runs with the sealing key unwrapped, which is gone from the HSM's memory afterwards. */
function withSealingKey<Result>(
  { token, key: domainKey }: Domain,
  keyId: string,
  blob: Buffer,
  use: (sealingKey: KeyHandle) => Result,
): Result {
  const named = { label: keyId, id: Buffer.from(keyId) };
  const sealingKey = unwrapKey(token, domainKey, { kind: 'aes-256', blob, ...named });
  try {
    return use(sealingKey);
  } finally {
    token.destroy(sealingKey);
  }
}

/** Seals a seed under a wrapped key; what comes back is kept. @throws Pkcs11Failure */
export function sealSeed(domain: Domain, keyId: string, sealingKey: Buffer, seed: Buffer): Buffer {
  const sealed = withSealingKey(domain, keyId, sealingKey, (handle) =>
    seal(domain.token, handle, seed, Buffer.from(keyId)),
  );
  return Buffer.concat([sealingKey, sealed]);
}

/** Opens what {@link sealSeed} made; the seed is the caller's to wipe. @throws Pkcs11Failure */
export function openSealedSeed(domain: Domain, keyId: string, kept: Buffer): Buffer {
  const size = kept.length - SEED_BYTES - SEAL_OVERHEAD_BYTES;
  return withSealingKey(domain, keyId, Buffer.from(kept.subarray(0, size)), (handle) =>
    open(domain.token, handle, kept.subarray(size), Buffer.from(keyId)),
  );
}
