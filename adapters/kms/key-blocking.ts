// SPDX-License-Identifier: Apache-2.0
// Stops the use of keys, and lets it go on. Two duties, and so two classes: who stops keys cannot start them again.
import {
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  type KMSClient,
  ListGrantsCommand,
  RevokeGrantCommand,
} from '@aws-sdk/client-kms';
import { isError } from '#core/errors.ts';
import type { BlockReader, KeyBlocker, KeyEnabler, PolicyReader } from '#core/ports/key-vault.ts';
import { translated } from './errors.ts';

/** KMS lists 100 grants a page at most (ListGrants API). */
const GRANTS_PER_PAGE = 100;

export class KmsKeyBlocker implements KeyBlocker {
  readonly #client: KMSClient;

  constructor(client: KMSClient) {
    this.#client = client;
  }

  async disable(keyId: string): Promise<void> {
    try {
      await translated(() => this.#client.send(new DisableKeyCommand({ KeyId: keyId })));
    } catch (error) {
      // It waits for its deletion or for its material: of no use either way.
      if (!isError(error, 'KeyNotUsable')) throw error;
    }
  }

  async revokeGrants(keyId: string): Promise<number> {
    const ids = await this.#grantsOf(keyId);
    for (const id of ids) await this.#revoke(keyId, id);
    return ids.length;
  }

  async #grantsOf(keyId: string): Promise<readonly string[]> {
    const ids: string[] = [];
    let marker: string | undefined;
    do {
      const from = marker === undefined ? {} : { Marker: marker };
      const command = new ListGrantsCommand({ KeyId: keyId, Limit: GRANTS_PER_PAGE, ...from });
      const page = await translated(() => this.#client.send(command));
      ids.push(...(page.Grants ?? []).flatMap(({ GrantId }) => (GrantId ? [GrantId] : [])));
      marker = page.NextMarker;
    } while (marker !== undefined);
    return ids;
  }

  async #revoke(keyId: string, grantId: string): Promise<void> {
    const command = new RevokeGrantCommand({ KeyId: keyId, GrantId: grantId });
    try {
      await translated(() => this.#client.send(command));
    } catch (error) {
      // Somebody else took it back.
      if (!isError(error, 'KeyNotYetVisible')) throw error;
    }
  }
}

export class KmsBlockReader implements BlockReader {
  readonly #client: KMSClient;
  readonly #policies: PolicyReader;

  constructor(client: KMSClient, policies: PolicyReader) {
    this.#client = client;
    this.#policies = policies;
  }

  async isDisabled(keyId: string): Promise<boolean> {
    const command = new DescribeKeyCommand({ KeyId: keyId });
    const { KeyMetadata } = await translated(() => this.#client.send(command));
    return KeyMetadata?.KeyState === 'Disabled';
  }

  hasPolicy: PolicyReader['hasPolicy'] = (...asked) => this.#policies.hasPolicy(...asked);
}

export class KmsKeyEnabler implements KeyEnabler {
  readonly #client: KMSClient;

  constructor(client: KMSClient) {
    this.#client = client;
  }

  async enable(keyId: string): Promise<void> {
    await translated(() => this.#client.send(new EnableKeyCommand({ KeyId: keyId })));
  }
}
