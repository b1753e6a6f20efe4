// SPDX-License-Identifier: Apache-2.0
// Seals Step Functions task tokens under a standard KMS key, with the task as encryption context.
import { DecryptCommand, EncryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import { precondition } from '#core/errors.ts';
import type { TokenSeal } from '#core/ports/hsm-site.ts';
import { translated } from './errors.ts';

export class KmsTokenSeal implements TokenSeal {
  readonly #client: KMSClient;
  readonly #keyArn: string;

  constructor(client: KMSClient, keyArn: string) {
    this.#client = client;
    this.#keyArn = keyArn;
  }

  async seal(token: string, task: string): Promise<string> {
    const command = new EncryptCommand({
      KeyId: this.#keyArn,
      Plaintext: Buffer.from(token),
      EncryptionContext: { 'keyturn:task': task },
    });
    const { CiphertextBlob } = await translated(() => this.#client.send(command));
    precondition(CiphertextBlob, 'KMS Encrypt answers a ciphertext');
    return Buffer.from(CiphertextBlob).toString('base64');
  }

  async open(sealed: string, task: string): Promise<string> {
    const command = new DecryptCommand({
      KeyId: this.#keyArn,
      CiphertextBlob: Buffer.from(sealed, 'base64'),
      EncryptionContext: { 'keyturn:task': task },
    });
    const { Plaintext } = await translated(() => this.#client.send(command));
    precondition(Plaintext, 'KMS Decrypt answers the token');
    return Buffer.from(Plaintext).toString();
  }
}
