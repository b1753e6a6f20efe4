// SPDX-License-Identifier: Apache-2.0
// Material for a KMS key of origin EXTERNAL: generated, imported and wiped in one call. KMS takes the same material
// again and no other, so a key that has some is left alone.
import { wipe } from '../crypto/check-value.ts';
import { type ClassPolicy, classOf } from '../policies/classes.ts';
import type { MaterialImporter } from '../ports/escrow.ts';
import type { Clock } from '../ports/platform.ts';
import { later } from './admit-operation.ts';
import type { MaterialSource } from './create-version.ts';

/** AES-256: what KMS takes for a symmetric key (KMS developer guide, importing key material). */
const MATERIAL_BYTES = 32;
const DAY_SECONDS = 86_400;

export interface ImportedMaterialDeps {
  readonly importer: MaterialImporter;
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  readonly classes: readonly ClassPolicy[];
}

/** When the vault is to forget material that is imported now; null: never. */
export function expiryFor(
  { clock, classes }: Pick<ImportedMaterialDeps, 'clock' | 'classes'>,
  className: string,
): string | null {
  const validDays = classOf(classes, className)?.importedMaterial?.validDays;
  return validDays ? later(clock.now(), validDays * DAY_SECONDS) : null;
}

/** Material that nobody keeps: a key of this source whose KMS key loses its material is lost with it. */
export function importedMaterial(deps: ImportedMaterialDeps): MaterialSource {
  return {
    async provide(keyId, { snapshot: { key } }) {
      const expiresAt = expiryFor(deps, key.class);
      if (await deps.importer.hasMaterial(keyId))
        return { expiresAt: await deps.importer.expiryOf(keyId) };
      const material = deps.random(MATERIAL_BYTES);
      try {
        await deps.importer.importMaterial(keyId, material, expiresAt);
      } finally {
        wipe(material);
      }
      return { expiresAt };
    },
  };
}
