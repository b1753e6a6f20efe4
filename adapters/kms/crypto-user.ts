// SPDX-License-Identifier: Apache-2.0
// Encrypt and Decrypt. Plaintext passes through memory only and is never part of an error or a log line.
import { DecryptCommand, EncryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import { precondition } from '#core/errors.ts';
import type { Context, CryptoUser } from '#core/ports/key-vault.ts';
import { translated } from './errors.ts';

/** The key id at the end of a key ARN. */
export function keyIdOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

export class KmsCryptoUser implements CryptoUser {
  readonly #client: KMSClient;

  constructor(client: KMSClient) {
    this.#client = client;
  }

  async encrypt(keyId: string, plaintext: Uint8Array, context: Context): Promise<Uint8Array> {
    const command = new EncryptCommand({
      KeyId: keyId,
      Plaintext: plaintext,
      EncryptionContext: { ...context },
    });
    const { CiphertextBlob } = await translated(() => this.#client.send(command));
    precondition(CiphertextBlob, 'KMS Encrypt answers a ciphertext');
    return CiphertextBlob;
  }

  async decrypt(
    ciphertext: Uint8Array,
    context: Context,
    keyId?: string,
  ): Promise<{ plaintext: Uint8Array; keyId: string; materialId: string | null }> {
    const command = new DecryptCommand({
      CiphertextBlob: ciphertext,
      EncryptionContext: { ...context },
      ...(keyId === undefined ? {} : { KeyId: keyId }),
    });
    const answer = await translated(() => this.#client.send(command));
    precondition(answer.Plaintext && answer.KeyId, 'KMS Decrypt answers plaintext and key');
    const { Plaintext: plaintext, KeyMaterialId: materialId = null } = answer;
    return { plaintext, keyId: keyIdOf(answer.KeyId), materialId };
  }
}
