// SPDX-License-Identifier: Apache-2.0
import { MemoryCiphertextSource } from '#adapters/memory/ciphertext-source.ts';
import { describeSource } from '#test/adapters/contract/ciphertext-source.contract.ts';

describeSource('MemoryCiphertextSource', async (shards) => {
  const source = new MemoryCiphertextSource(shards);
  return {
    source,
    put: async (id, text, context = {}) =>
      source.put(id, { parts: [{ ciphertext: Buffer.from(text), context }] }),
    remove: async (id) => source.remove(id),
    get: async (id) => {
      const ciphertext = source.get(id)?.parts[0]?.ciphertext;
      return ciphertext && Buffer.from(ciphertext).toString();
    },
  };
});
