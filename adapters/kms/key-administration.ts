// SPDX-License-Identifier: Apache-2.0
// Aliases, policies and removal: each class serves one duty, and so one function's role.
import {
  CreateAliasCommand,
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  type KMSClient,
  ListResourceTagsCommand,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import canonicalize from 'canonicalize';
import type { PolicyTemplate } from '#core/contract/vocabulary.ts';
import { isError } from '#core/errors.ts';
import type { AccessGrant } from '#core/keys/records.ts';
import type {
  AliasWriter,
  KeyRemover,
  KeyUntagger,
  PolicyReader,
  PolicyWriter,
} from '#core/ports/key-vault.ts';
import { translated } from './errors.ts';
import { TAGS } from './key-creator.ts';
import { keyPolicy, type PolicySite } from './key-policy.ts';

export class KmsAliasWriter implements AliasWriter {
  readonly #client: KMSClient;

  constructor(client: KMSClient) {
    this.#client = client;
  }

  async aliasTarget(alias: string): Promise<string | null> {
    try {
      const { KeyMetadata } = await translated(() =>
        this.#client.send(new DescribeKeyCommand({ KeyId: alias })),
      );
      return KeyMetadata?.KeyId ?? null;
    } catch (error) {
      if (isError(error, 'KeyNotYetVisible')) return null;
      throw error;
    }
  }

  async createAlias(alias: string, keyId: string): Promise<void> {
    const command = new CreateAliasCommand({ AliasName: alias, TargetKeyId: keyId });
    await translated(() => this.#client.send(command));
  }

  async moveAlias(alias: string, keyId: string): Promise<void> {
    const command = new UpdateAliasCommand({ AliasName: alias, TargetKeyId: keyId });
    await translated(() => this.#client.send(command));
  }
}

export class KmsPolicies implements PolicyWriter, PolicyReader {
  readonly #client: KMSClient;
  readonly #site: PolicySite;

  constructor(client: KMSClient, site: PolicySite) {
    this.#client = client;
    this.#site = site;
  }

  async applyPolicy(
    keyId: string,
    template: PolicyTemplate,
    access: readonly AccessGrant[],
  ): Promise<void> {
    const Policy = JSON.stringify(keyPolicy(this.#site, template, access));
    const command = new PutKeyPolicyCommand({ KeyId: keyId, PolicyName: 'default', Policy });
    await translated(() => this.#client.send(command));
  }

  async hasPolicy(
    keyId: string,
    template: PolicyTemplate,
    access: readonly AccessGrant[],
  ): Promise<boolean> {
    const command = new GetKeyPolicyCommand({ KeyId: keyId, PolicyName: 'default' });
    const { Policy } = await translated(() => this.#client.send(command));
    const wanted = keyPolicy(this.#site, template, access);
    return Policy !== undefined && canonicalize(JSON.parse(Policy)) === canonicalize(wanted);
  }
}

export class KmsKeyRemover implements KeyRemover {
  readonly #client: KMSClient;

  constructor(client: KMSClient) {
    this.#client = client;
  }

  async scheduleDeletion(keyId: string, days: number): Promise<void> {
    const command = new ScheduleKeyDeletionCommand({ KeyId: keyId, PendingWindowInDays: days });
    try {
      await translated(() => this.#client.send(command));
    } catch (error) {
      if (!isError(error, 'KeyNotUsable')) throw error;
      // KMS refuses a second schedule: the first one stands.
    }
  }
}

export class KmsKeyUntagger implements KeyUntagger {
  readonly #client: KMSClient;

  constructor(client: KMSClient) {
    this.#client = client;
  }

  async untag(keyId: string): Promise<void> {
    // Looked first: without our tags IAM lets us do nothing to the key, so a second try would be refused.
    const list = new ListResourceTagsCommand({ KeyId: keyId, Limit: 50 });
    const { Tags } = await translated(() => this.#client.send(list));
    const ours: readonly string[] = Object.values(TAGS);
    const TagKeys = (Tags ?? []).flatMap(({ TagKey }) =>
      TagKey && ours.includes(TagKey) ? [TagKey] : [],
    );
    if (TagKeys.length === 0) return;
    await translated(() => this.#client.send(new UntagResourceCommand({ KeyId: keyId, TagKeys })));
  }
}
