// SPDX-License-Identifier: Apache-2.0
// Rotation in place of symmetric keys in KMS's own key store.
import { DescribeKeyCommand, type KMSClient, RotateKeyOnDemandCommand } from '@aws-sdk/client-kms';
import { KeyturnError, precondition } from '#core/errors.ts';
import type { MaterialRotator } from '#core/ports/key-vault.ts';
import { toDomainError, translated } from './errors.ts';

export class KmsMaterialRotator implements MaterialRotator {
  readonly #client: KMSClient;

  constructor(client: KMSClient) {
    this.#client = client;
  }

  async currentMaterial(keyId: string): Promise<string> {
    const command = new DescribeKeyCommand({ KeyId: keyId });
    const { KeyMetadata } = await translated(() => this.#client.send(command));
    precondition(KeyMetadata?.CurrentKeyMaterialId, 'KMS names the material of a symmetric key');
    return KeyMetadata.CurrentKeyMaterialId;
  }

  async rotateMaterial(keyId: string): Promise<void> {
    try {
      await this.#client.send(new RotateKeyOnDemandCommand({ KeyId: keyId }));
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      // One is under way: it is the one that was asked for.
      if (name === 'ConflictException') return;
      throw refusalOf(name, error, keyId) ?? toDomainError(error);
    }
  }
}

function refusalOf(name: string, cause: unknown, keyId: string): KeyturnError | null {
  const details = { keyId };
  if (name === 'LimitExceededException')
    return new KeyturnError(
      'InPlaceBudgetSpent',
      'KMS rotates this key on demand no more (25 times in its life); its next version has to be another KMS key',
      { cause, details },
    );
  // Keys of a key store, asymmetric ones, and imported ones without other material.
  const isUnable = name === 'UnsupportedOperationException' || name === 'KMSInvalidStateException';
  return isUnable
    ? new KeyturnError('KeyNotUsable', 'KMS cannot rotate this key in place', { cause, details })
    : null;
}
