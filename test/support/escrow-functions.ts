// SPDX-License-Identifier: Apache-2.0
// What the functions of escrow ask of KMS, in memory, beside `functions.ts`: signatures, seals, imports. Import this
// module before any handler.
import { vi } from 'vitest';
import { MemoryMaterialImporter } from '#adapters/memory/material-importer.ts';
import { escrowSigner } from './escrow.ts';
import { memorySeal } from './escrow-scene.ts';

/** Vault keys of all tests of a file. */
export const importer = new MemoryMaterialImporter();

vi.mock('#adapters/kms/session-seal.ts', () => ({
  KmsSessionSeal: class {
    seal = (identity: string, session: string) => memorySeal.seal(identity, session);
    open = (sealed: string, session: string) => memorySeal.open(sealed, session);
  },
}));
vi.mock('#adapters/kms/share-signer.ts', () => ({
  KmsShareSigner: class {
    sign = (message: Uint8Array) => escrowSigner.sign(message);
    verify = (message: Uint8Array, signature: string) => escrowSigner.verify(message, signature);
  },
}));
vi.mock('#adapters/kms/material-importer.ts', () => ({
  KmsMaterialImporter: class {
    importMaterial = (keyId: string, material: Uint8Array) =>
      importer.importMaterial(keyId, material);
    hasMaterial = (keyId: string) => importer.hasMaterial(keyId);
  },
}));
