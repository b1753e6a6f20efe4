// SPDX-License-Identifier: Apache-2.0
// ReEncrypt, and when a key was last used. No plaintext comes out of either.
import { GetKeyLastUsageCommand, type KMSClient, ReEncryptCommand } from '@aws-sdk/client-kms';
import { precondition } from '#core/errors.ts';
import type { Context, LastUse, LastUseReader, ReEncryptor } from '#core/ports/key-vault.ts';
import { keyIdOf } from './crypto-user.ts';
import { translated } from './errors.ts';

export class KmsReEncryptor implements ReEncryptor {
  readonly #client: KMSClient;

  constructor(client: KMSClient) {
    this.#client = client;
  }

  async reEncrypt(
    ciphertext: Uint8Array,
    context: Context,
    targetKeyId: string,
  ): Promise<{ ciphertext: Uint8Array; sourceKeyId: string }> {
    const command = new ReEncryptCommand({
      CiphertextBlob: ciphertext,
      SourceEncryptionContext: { ...context },
      DestinationEncryptionContext: { ...context },
      DestinationKeyId: targetKeyId,
    });
    const { CiphertextBlob, SourceKeyId } = await translated(() => this.#client.send(command));
    precondition(CiphertextBlob && SourceKeyId, 'KMS ReEncrypt answers a ciphertext and its keys');
    return { ciphertext: CiphertextBlob, sourceKeyId: keyIdOf(SourceKeyId) };
  }
}

export class KmsLastUseReader implements LastUseReader {
  readonly #client: KMSClient;

  constructor(client: KMSClient) {
    this.#client = client;
  }

  async lastUse(keyId: string): Promise<LastUse> {
    const command = new GetKeyLastUsageCommand({ KeyId: keyId });
    const { KeyLastUsage, TrackingStartDate } = await translated(() => this.#client.send(command));
    return {
      at: KeyLastUsage?.Timestamp?.toISOString() ?? null,
      operation: KeyLastUsage?.Operation ?? null,
      trackedSince: TrackingStartDate?.toISOString() ?? null,
    };
  }
}
