// SPDX-License-Identifier: Apache-2.0
// Imports material into KMS keys of origin EXTERNAL. It is encrypted to a key of KMS that lives a day (RSA-OAEP,
// SHA-256), so it crosses the wire for KMS alone.
import { constants, createPublicKey, publicEncrypt } from 'node:crypto';
import {
  DescribeKeyCommand,
  GetParametersForImportCommand,
  ImportKeyMaterialCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { KeyturnError, precondition } from '#core/errors.ts';
import type { MaterialImporter } from '#core/ports/escrow.ts';
import { translated } from './errors.ts';

export class KmsMaterialImporter implements MaterialImporter {
  readonly #client: KMSClient;

  constructor(client: KMSClient) {
    this.#client = client;
  }

  async importMaterial(
    keyId: string,
    material: Uint8Array,
    expiresAt: string | null = null,
  ): Promise<void> {
    const { ImportToken, PublicKey } = await translated(() =>
      this.#client.send(
        new GetParametersForImportCommand({
          KeyId: keyId,
          WrappingAlgorithm: 'RSAES_OAEP_SHA_256',
          WrappingKeySpec: 'RSA_3072',
        }),
      ),
    );
    precondition(ImportToken && PublicKey, 'KMS answers a token and a key to encrypt to');
    const command = new ImportKeyMaterialCommand({
      KeyId: keyId,
      ImportToken,
      EncryptedKeyMaterial: encryptedTo(PublicKey, material),
      ...(expiresAt === null
        ? { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }
        : { ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: new Date(expiresAt) }),
    });
    try {
      await this.#client.send(command);
    } catch (error) {
      if (error instanceof Error && error.name === 'IncorrectKeyMaterialException')
        throw new KeyturnError(
          'EscrowCheckFailed',
          'KMS has other material for this key: what is in escrow is not its material; nothing was imported',
          { cause: error },
        );
      await translated(() => Promise.reject(error));
    }
  }

  async hasMaterial(keyId: string): Promise<boolean> {
    return (await this.#describe(keyId))?.KeyState !== 'PendingImport';
  }

  async expiryOf(keyId: string): Promise<string | null> {
    return (await this.#describe(keyId))?.ValidTo?.toISOString() ?? null;
  }

  async #describe(keyId: string) {
    const command = new DescribeKeyCommand({ KeyId: keyId });
    return (await translated(() => this.#client.send(command))).KeyMetadata;
  }
}

function encryptedTo(publicKey: Uint8Array, material: Uint8Array): Uint8Array {
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  return publicEncrypt(
    { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
    material,
  );
}
