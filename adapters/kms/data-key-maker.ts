// SPDX-License-Identifier: Apache-2.0
// Wrapped data keys. GenerateDataKeyWithoutPlaintext: KMS draws the key inside the HSM and hands out its ciphertext
// alone, so that this process never holds it.
import { GenerateDataKeyWithoutPlaintextCommand, type KMSClient } from '@aws-sdk/client-kms';
import { precondition } from '#core/errors.ts';
import type { DataKeyMaker } from '#core/ports/data-keys.ts';
import type { Context } from '#core/ports/key-vault.ts';
import { translated } from './errors.ts';

export class KmsDataKeyMaker implements DataKeyMaker {
  readonly #client: KMSClient;

  constructor(client: KMSClient) {
    this.#client = client;
  }

  async makeWrapped(keyId: string, context: Context) {
    const command = new GenerateDataKeyWithoutPlaintextCommand({
      KeyId: keyId,
      KeySpec: 'AES_256',
      EncryptionContext: { ...context },
    });
    const { CiphertextBlob, KeyId } = await translated(() => this.#client.send(command));
    precondition(CiphertextBlob && KeyId, 'KMS answers a wrapped data key and who wrapped it');
    return { wrapped: CiphertextBlob, keyArn: KeyId };
  }
}
