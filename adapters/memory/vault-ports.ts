// SPDX-License-Identifier: Apache-2.0
// The ports that the vault in memory stands behind.
import type { MaterialImporter } from '#core/ports/escrow.ts';
import type * as ports from '#core/ports/key-vault.ts';

export type VaultPorts = MaterialImporter &
  ports.KeyCreator &
  ports.AliasWriter &
  ports.PolicyWriter &
  ports.KeyRemover &
  ports.KeyUntagger &
  ports.KeyBlocker &
  ports.BlockReader &
  ports.KeyEnabler &
  ports.KeyMarker &
  ports.AliasRemover &
  ports.PolicyRestorer &
  ports.MaterialRotator &
  ports.OrphanFinder;
