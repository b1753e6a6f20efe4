// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { MemoryClock } from '#adapters/memory/clock.ts';
import { MemoryVault } from '#adapters/memory/vault.ts';
import { describeOrigins } from '#test/adapters/contract/origins.contract.ts';
import { describeProofs } from '#test/adapters/contract/proofs.contract.ts';
import { describeVault } from '#test/adapters/contract/vault.contract.ts';
import { CONSUMER } from '#test/support/world.ts';

const PROVENANCE = { stage: 'local', name: 'orders', version: 1, operationId: 'op_1' };
const STORE = 'cks-memory';

describeVault('MemoryVault', async () => {
  const vault = new MemoryVault({ clock: new MemoryClock(), keyStores: [STORE] });
  return {
    keys: vault,
    aliases: vault,
    policies: vault,
    remover: vault,
    blocker: vault,
    verifier: vault.cryptoFor('verify-version'),
    dataPlane: vault.cryptoFor('use-key'),
    maker: vault.dataKeysFor('make-data-key'),
    keyStoreId: STORE,
    setConnected: async (isConnected) => vault.setConnected(STORE, isConnected),
  };
});

describeOrigins('MemoryVault', async () => {
  const vault = new MemoryVault({ clock: new MemoryClock(), keyStores: [STORE] });
  return {
    keys: vault,
    policies: vault,
    rotator: vault,
    importer: vault,
    dataPlane: vault.cryptoFor('use-key'),
    keyStoreId: STORE,
  };
});

describeProofs('MemoryVault', async () => {
  const vault = new MemoryVault({ clock: new MemoryClock(), keyStores: [STORE] });
  return {
    keys: vault,
    policies: vault,
    prover: vault.proverFor('verify-version'),
    crypto: vault.cryptoFor('verify-version'),
    proverOf: (role) => vault.proverFor(role as `arn:${string}`),
  };
});

describe('MemoryVault alone', () => {
  const aVault = (visibilityCalls = 0) =>
    new MemoryVault({ clock: new MemoryClock(), keyStores: [STORE], visibilityCalls });

  it('grants each right to consumers alone', async () => {
    const vault = aVault();
    const { keyId } = await vault.createKey(
      { origin: 'AWS_CLOUDHSM', keyStoreId: STORE },
      PROVENANCE,
    );
    const writer = 'arn:aws:iam::000000000000:role/writer';
    await vault.applyPolicy(keyId, 'active', [
      { principal: writer, rights: ['encrypt'] },
      { principal: CONSUMER, rights: ['decrypt'] },
    ]);
    const ciphertext = await vault.cryptoFor(writer).encrypt(keyId, Buffer.from('x'), {});

    expect((await vault.cryptoFor(CONSUMER).decrypt(ciphertext, {})).keyId).toBe(keyId);
    await expect(vault.cryptoFor(writer).decrypt(ciphertext, {})).rejects.toThrow('decrypt');
    await expect(vault.cryptoFor(CONSUMER).encrypt(keyId, Buffer.from('x'), {})).rejects.toThrow(
      'encrypt',
    );
  });

  it('lets nobody remove or mark a key that is open to consumers', async () => {
    const vault = aVault();
    const { keyId } = await vault.createKey(
      { origin: 'AWS_CLOUDHSM', keyStoreId: STORE },
      PROVENANCE,
    );
    await vault.applyPolicy(keyId, 'active', []);

    await expect(vault.scheduleDeletion(keyId, 7)).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(vault.markRecorded(keyId)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('shows a new alias only after some calls, and keeps its name taken meanwhile', async () => {
    const vault = aVault(3);
    const { keyId } = await vault.createKey(
      { origin: 'AWS_CLOUDHSM', keyStoreId: STORE },
      PROVENANCE,
    );
    await Promise.all([1, 2, 3].map(() => vault.aliasTarget('alias/other')));
    await vault.createAlias('alias/a', keyId);

    expect(await vault.aliasTarget('alias/a')).toBeNull();
    await expect(vault.createAlias('alias/a', keyId)).rejects.toMatchObject({ name: 'AliasTaken' });
    expect(await vault.aliasTarget('alias/a')).toBe(keyId);
  });
});
