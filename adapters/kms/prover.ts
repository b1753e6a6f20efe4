// SPDX-License-Identifier: Apache-2.0
// Sign and Verify, GenerateMac and VerifyMac. KMS answers a proof that is not the key's with an exception.
import {
  GenerateMacCommand,
  type KMSClient,
  KMSInvalidMacException,
  KMSInvalidSignatureException,
  type MacAlgorithmSpec,
  SignCommand,
  type SigningAlgorithmSpec,
  VerifyCommand,
  VerifyMacCommand,
} from '@aws-sdk/client-kms';
import { precondition } from '#core/errors.ts';
import type { Prover, ProvingKey } from '#core/ports/key-vault.ts';
import { translated } from './errors.ts';

const macOf = ({ keyId, algorithm }: ProvingKey, Message: Uint8Array) => ({
  KeyId: keyId,
  Message,
  MacAlgorithm: algorithm as MacAlgorithmSpec,
});
const signingOf = ({ keyId, algorithm }: ProvingKey, Message: Uint8Array) => ({
  KeyId: keyId,
  Message,
  MessageType: 'RAW' as const,
  SigningAlgorithm: algorithm as SigningAlgorithmSpec,
});

export class KmsProver implements Prover {
  readonly #client: KMSClient;

  constructor(client: KMSClient) {
    this.#client = client;
  }

  async prove(key: ProvingKey, message: Uint8Array): Promise<Uint8Array> {
    const proof = await translated(async () => {
      if (key.usage === 'SIGN_VERIFY')
        return (await this.#client.send(new SignCommand(signingOf(key, message)))).Signature;
      return (await this.#client.send(new GenerateMacCommand(macOf(key, message)))).Mac;
    });
    precondition(proof, 'KMS answers a signature or a code');
    return proof;
  }

  async holds(key: ProvingKey, message: Uint8Array, proof: Uint8Array): Promise<boolean> {
    return translated(async () => {
      try {
        await this.#check(key, message, proof);
        return true;
      } catch (error) {
        if (
          error instanceof KMSInvalidSignatureException ||
          error instanceof KMSInvalidMacException
        )
          return false;
        throw error;
      }
    });
  }

  async #check(key: ProvingKey, message: Uint8Array, proof: Uint8Array): Promise<void> {
    if (key.usage === 'SIGN_VERIFY')
      await this.#client.send(new VerifyCommand({ ...signingOf(key, message), Signature: proof }));
    else await this.#client.send(new VerifyMacCommand({ ...macOf(key, message), Mac: proof }));
  }
}
