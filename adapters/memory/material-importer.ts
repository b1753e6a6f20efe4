// SPDX-License-Identifier: Apache-2.0
// Vault keys that take imported material, in memory: a key that had material takes only the same again, as KMS does.
import { createHash } from 'node:crypto';
import { KeyturnError } from '#core/errors.ts';
import type { MaterialImporter } from '#core/ports/escrow.ts';

export class MemoryMaterialImporter implements MaterialImporter {
  readonly #digests = new Map<string, string>();
  readonly #expiries = new Map<string, string | null>();
  readonly #present = new Set<string>();

  async importMaterial(
    keyId: string,
    material: Uint8Array,
    expiresAt: string | null = null,
  ): Promise<void> {
    const digest = createHash('sha256').update(material).digest('hex');
    if ((this.#digests.get(keyId) ?? digest) !== digest)
      throw new KeyturnError('EscrowCheckFailed', 'the key was made of other material');
    this.#digests.set(keyId, digest);
    this.#present.add(keyId);
    this.#expiries.set(keyId, expiresAt);
  }

  async hasMaterial(keyId: string): Promise<boolean> {
    return this.#present.has(keyId);
  }

  async expiryOf(keyId: string): Promise<string | null> {
    return this.#expiries.get(keyId) ?? null;
  }

  /** As when the material expires or is deleted. */
  lose(keyId: string): void {
    this.#present.delete(keyId);
  }
}
