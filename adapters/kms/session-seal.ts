// SPDX-License-Identifier: Apache-2.0
// Seals the one-time keys of escrow sessions under a standard KMS key, each bound to its session by the encryption
// context: who may seal cannot open, and who may open cannot be given another session's.
import { DecryptCommand, EncryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import { precondition } from '#core/errors.ts';
import type { SessionSeal } from '#core/ports/escrow.ts';
import { translated } from './errors.ts';

const contextOf = (session: string) => ({ 'keyturn:escrow-session': session });

export class KmsSessionSeal implements SessionSeal {
  readonly #client: KMSClient;
  readonly #keyArn: string;

  constructor(client: KMSClient, keyArn: string) {
    this.#client = client;
    this.#keyArn = keyArn;
  }

  async seal(identity: string, session: string): Promise<string> {
    const command = new EncryptCommand({
      KeyId: this.#keyArn,
      Plaintext: Buffer.from(identity),
      EncryptionContext: contextOf(session),
    });
    const { CiphertextBlob } = await translated(() => this.#client.send(command));
    precondition(CiphertextBlob, 'KMS Encrypt answers a ciphertext');
    return Buffer.from(CiphertextBlob).toString('base64');
  }

  async open(sealed: string, session: string): Promise<string> {
    const command = new DecryptCommand({
      KeyId: this.#keyArn,
      CiphertextBlob: Buffer.from(sealed, 'base64'),
      EncryptionContext: contextOf(session),
    });
    const { Plaintext } = await translated(() => this.#client.send(command));
    precondition(Plaintext, 'KMS Decrypt answers the identity');
    return Buffer.from(Plaintext).toString();
  }
}
