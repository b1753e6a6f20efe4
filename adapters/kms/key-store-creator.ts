// SPDX-License-Identifier: Apache-2.0
// Creates the custom key store. The password of `kmsuser` goes from Secrets Manager to KMS and nowhere else.
import {
  CreateCustomKeyStoreCommand,
  DescribeCustomKeyStoresCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { KeyturnError, precondition } from '#core/errors.ts';
import type { KeyStoreCreator } from '#core/ports/hsm-site.ts';
import { toDomainError, translated } from './errors.ts';

/** A key store made by an earlier try has both the name and the cluster; which one KMS checks first is its own. */
const MADE_BEFORE = new Set(['CustomKeyStoreNameInUseException', 'CloudHsmClusterInUseException']);

export class KmsKeyStoreCreator implements KeyStoreCreator {
  readonly #client: KMSClient;
  readonly #password: () => Promise<string>;

  constructor(client: KMSClient, password: () => Promise<string>) {
    this.#client = client;
    this.#password = password;
  }

  async createKeyStore(name: string, clusterId: string, trustAnchor: string): Promise<string> {
    const command = new CreateCustomKeyStoreCommand({
      CustomKeyStoreName: name,
      CloudHsmClusterId: clusterId,
      TrustAnchorCertificate: trustAnchor,
      KeyStorePassword: await this.#password(),
    });
    try {
      const { CustomKeyStoreId } = await this.#client.send(command);
      precondition(CustomKeyStoreId, 'KMS answers the key store id');
      return CustomKeyStoreId;
    } catch (error) {
      if (error instanceof Error && MADE_BEFORE.has(error.name))
        return this.#existing(name, clusterId);
      throw toDomainError(error);
    }
  }

  async #existing(name: string, clusterId: string): Promise<string> {
    const command = new DescribeCustomKeyStoresCommand({ CustomKeyStoreName: name });
    const { CustomKeyStores } = await translated(() => this.#client.send(command));
    const [found] = CustomKeyStores ?? [];
    if (found?.CustomKeyStoreId && found.CloudHsmClusterId === clusterId)
      return found.CustomKeyStoreId;
    throw new KeyturnError(
      'KeyStoreMisconfigured',
      `a key store named ${name} exists on another cluster`,
    );
  }
}
