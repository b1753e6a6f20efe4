// SPDX-License-Identifier: Apache-2.0
// Signs share envelopes with an asymmetric key of KMS (ECDSA P-256, SHA-256, DER in base64), and verifies them with its
// public half in this process: verifying costs no call, and nobody but KMS can sign.
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { precondition } from '#core/errors.ts';
import type { ShareSigner, ShareVerifier } from '#core/ports/escrow.ts';
import { translated } from './errors.ts';

export class KmsShareSigner implements ShareSigner, ShareVerifier {
  readonly #client: KMSClient;
  readonly #keyArn: string;
  #publicKey: Promise<KeyObject> | null = null;

  constructor(client: KMSClient, keyArn: string) {
    this.#client = client;
    this.#keyArn = keyArn;
  }

  async sign(message: Uint8Array): Promise<string> {
    const command = new SignCommand({
      KeyId: this.#keyArn,
      Message: createHash('sha256').update(message).digest(),
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    });
    const { Signature } = await translated(() => this.#client.send(command));
    precondition(Signature, 'KMS Sign answers a signature');
    return Buffer.from(Signature).toString('base64');
  }

  async verify(message: Uint8Array, signature: string): Promise<boolean> {
    const key = await this.#key();
    const bytes = Buffer.from(signature, 'base64');
    // One spelling for each signature, so that no byte of the text can change unnoticed.
    if (bytes.toString('base64') !== signature) return false;
    return verify('sha256', message, key, bytes);
  }

  /** Read once; a failure is not kept. */
  #key(): Promise<KeyObject> {
    this.#publicKey ??= this.#readKey().catch((error: unknown) => {
      this.#publicKey = null;
      throw error;
    });
    return this.#publicKey;
  }

  async #readKey(): Promise<KeyObject> {
    const command = new GetPublicKeyCommand({ KeyId: this.#keyArn });
    const { PublicKey } = await translated(() => this.#client.send(command));
    precondition(PublicKey, 'KMS GetPublicKey answers a key');
    return createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  }
}
