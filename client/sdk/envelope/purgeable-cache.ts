// SPDX-License-Identifier: Apache-2.0
// The cache of the AWS Encryption SDK, and the one thing that it lacks: forgetting everything now. Its entries zero
// their data key when they go.
import {
  getLocalCryptographicMaterialsCache,
  type NodeAlgorithmSuite,
} from '@aws-crypto/client-node';

type Cache = ReturnType<typeof getLocalCryptographicMaterialsCache<NodeAlgorithmSuite>>;

export interface PurgeableCache {
  readonly cache: Cache;
  /** Forgets and zeroes every data key. */
  purge(): void;
}

/** @param entries data keys at most */
export function purgeableCache(entries: number): PurgeableCache {
  const inner = getLocalCryptographicMaterialsCache<NodeAlgorithmSuite>(entries);
  const kept = new Set<string>();
  const cache: Cache = {
    ...inner,
    putEncryptionMaterial: (key, ...rest) => {
      kept.add(key);
      return inner.putEncryptionMaterial(key, ...rest);
    },
    putDecryptionMaterial: (key, ...rest) => {
      kept.add(key);
      return inner.putDecryptionMaterial(key, ...rest);
    },
    del: (key) => {
      kept.delete(key);
      inner.del(key);
    },
  };
  return {
    cache,
    purge: () => {
      for (const key of kept) inner.del(key);
      kept.clear();
    },
  };
}
