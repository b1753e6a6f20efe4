// SPDX-License-Identifier: Apache-2.0
// What the vault must do for each origin: the suite runs once per strategy, over memory and over the key endpoint.
import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ORIGINS } from '#core/contract/vocabulary.ts';
import { ORIGIN_STRATEGIES } from '#core/keys/origins/all.ts';
import { inPlaceRotations } from '#core/keys/origins/strategy.ts';
import type { MaterialImporter } from '#core/ports/escrow.ts';
import type {
  CryptoUser,
  KeyCreator,
  KeyPlace,
  MaterialRotator,
  OrphanFinder,
  PolicyWriter,
  Provenance,
} from '#core/ports/key-vault.ts';
import { aKey, aVersion } from '#test/support/records.ts';

export interface OriginsUnderTest {
  readonly keys: KeyCreator & OrphanFinder;
  readonly policies: PolicyWriter;
  readonly rotator: MaterialRotator;
  readonly importer: MaterialImporter;
  readonly dataPlane: CryptoUser;
  readonly keyStoreId: string;
}

const TEXT = new TextEncoder().encode('kept');
let runs = 0;

export function describeOrigins(title: string, open: () => Promise<OriginsUnderTest>): void {
  describe.each(ORIGINS)(`${title}: origin %s`, (origin) => {
    const strategy = ORIGIN_STRATEGIES[origin];
    let vault: OriginsUnderTest;
    let provenance: Provenance;
    beforeEach(async () => {
      vault = await open();
      runs += 1;
      const operationId = `op_${String(runs).padStart(26, '9')}`;
      provenance = { stage: 'local', name: `origin-${runs}`, version: 1, operationId };
    });
    const place = (): KeyPlace => ({
      origin,
      keyStoreId: strategy.keyStore === null ? vault.keyStoreId : null,
    });
    /** A key with its material, open to the data plane. */
    async function active(): Promise<string> {
      const { keyId } = await vault.keys.createKey(place(), provenance);
      if (strategy.importsMaterial) await vault.importer.importMaterial(keyId, randomBytes(32));
      await vault.policies.applyPolicy(keyId, 'active', []);
      return keyId;
    }

    it('makes a key that is found by its marks until it is recorded', async () => {
      const { keyId } = await vault.keys.createKey(place(), provenance);
      expect(await vault.keys.findUnrecorded(provenance)).toMatchObject([
        { keyId, state: strategy.importsMaterial ? 'waiting' : 'enabled' },
      ]);
      await vault.keys.markRecorded(keyId);
      expect(await vault.keys.findUnrecorded(provenance)).toEqual([]);
    });

    it('encrypts and decrypts once it has its material', async () => {
      const keyId = await active();
      const written = await vault.dataPlane.encrypt(keyId, TEXT, { a: '1' });
      expect(await vault.dataPlane.decrypt(written, { a: '1' })).toMatchObject({
        plaintext: TEXT,
        keyId,
      });
    });

    it('rotates in place just where its strategy says so', async () => {
      const keyId = await active();
      const key = aKey({ origin, currentKeyId: keyId });
      const versions = [aVersion({ keyId })];
      expect(inPlaceRotations({ key, versions })).toBe(0);
      if (strategy.nextVersion({ key, versions }) === 'new-key') {
        await expect(vault.rotator.rotateMaterial(keyId)).rejects.toMatchObject({
          name: 'KeyNotUsable',
        });
        return;
      }
      const old = await vault.dataPlane.encrypt(keyId, TEXT, {});
      const before = await vault.rotator.currentMaterial(keyId);
      await vault.rotator.rotateMaterial(keyId);
      // KMS takes a moment.
      const after = await vi.waitFor(async () => {
        const seen = await vault.rotator.currentMaterial(keyId);
        expect(seen).not.toBe(before);
        return seen;
      });
      const fresh = await vault.dataPlane.encrypt(keyId, TEXT, {});

      expect(await vault.dataPlane.decrypt(old, {})).toMatchObject({ materialId: before });
      expect(await vault.dataPlane.decrypt(fresh, {})).toMatchObject({ materialId: after });
    });

    it('takes material just where it waits for some, and no other afterwards', async () => {
      const { keyId } = await vault.keys.createKey(place(), provenance);
      expect(await vault.importer.hasMaterial(keyId)).toBe(!strategy.importsMaterial);
      if (!strategy.importsMaterial) return;
      const material = randomBytes(32);
      const expiresAt = new Date(Math.ceil(Date.now() / 1000) * 1000 + 86_400_000).toISOString();
      await vault.importer.importMaterial(keyId, material, expiresAt);
      expect(await vault.importer.hasMaterial(keyId)).toBe(true);
      expect(await vault.importer.expiryOf(keyId)).toBe(expiresAt);
      await expect(vault.importer.importMaterial(keyId, randomBytes(32))).rejects.toMatchObject({
        name: 'EscrowCheckFailed',
      });
    });
  });
}
