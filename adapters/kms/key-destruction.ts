// SPDX-License-Identifier: Apache-2.0
// What KMS is asked for in a destruction. One class a duty, and so a role: who takes keys away cannot give them back.
import {
  CancelKeyDeletionCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  type KMSClient,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { isError } from '#core/errors.ts';
import type {
  KeyRetirer,
  KeyReviver,
  KeyStateReader,
  VaultKeyState,
} from '#core/ports/key-destruction.ts';
import { translated } from './errors.ts';

const STATES: Readonly<Record<string, VaultKeyState>> = {
  Enabled: 'enabled',
  Disabled: 'disabled',
  PendingDeletion: 'pending-deletion',
};

export class KmsKeyStates implements KeyStateReader {
  protected readonly client: KMSClient;

  constructor(client: KMSClient) {
    this.client = client;
  }

  async stateOf(keyId: string): Promise<{ state: VaultKeyState; deletionAt: string | null }> {
    try {
      const command = new DescribeKeyCommand({ KeyId: keyId });
      const { KeyMetadata } = await translated(() => this.client.send(command));
      const state = STATES[KeyMetadata?.KeyState ?? ''] ?? 'other';
      return { state, deletionAt: KeyMetadata?.DeletionDate?.toISOString() ?? null };
    } catch (error) {
      // A recorded key that KMS does not know was deleted: it is long past being new.
      if (isError(error, 'KeyNotYetVisible')) return { state: 'gone', deletionAt: null };
      throw error;
    }
  }
}

export class KmsKeyRetirer extends KmsKeyStates implements KeyRetirer {
  async disable(keyId: string): Promise<void> {
    await translated(() => this.client.send(new DisableKeyCommand({ KeyId: keyId })));
  }

  async schedule(keyId: string, days: number): Promise<void> {
    const command = new ScheduleKeyDeletionCommand({ KeyId: keyId, PendingWindowInDays: days });
    try {
      await translated(() => this.client.send(command));
    } catch (error) {
      // KMS refuses a second schedule: the first one stands.
      if (!isError(error, 'KeyNotUsable')) throw error;
    }
  }
}

export class KmsKeyReviver extends KmsKeyStates implements KeyReviver {
  async cancelDeletion(keyId: string): Promise<void> {
    await translated(() => this.client.send(new CancelKeyDeletionCommand({ KeyId: keyId })));
  }

  async enable(keyId: string): Promise<void> {
    await translated(() => this.client.send(new EnableKeyCommand({ KeyId: keyId })));
  }
}
