// SPDX-License-Identifier: Apache-2.0
// Aliases, policies and removal: each class serves one duty, and so one function's role.
import {
  CreateAliasCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  type KMSClient,
  ListAliasesCommand,
  ListResourceTagsCommand,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import canonicalize from 'canonicalize';
import type { PolicyTemplate } from '#core/contract/vocabulary.ts';
import { isError } from '#core/errors.ts';
import type { AccessGrant } from '#core/keys/records.ts';
import type {
  AliasRemover,
  AliasWriter,
  KeyMarker,
  KeyRemover,
  KeyUntagger,
  PolicyReader,
  PolicyRestorer,
  PolicyWriter,
  Provenance,
} from '#core/ports/key-vault.ts';
import { translated } from './errors.ts';
import { TAGS, toTags } from './key-creator.ts';
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

export class KmsAliasRemover implements AliasRemover {
  readonly #client: KMSClient;

  constructor(client: KMSClient) {
    this.#client = client;
  }

  async removeAlias(alias: string, keyId: string): Promise<void> {
    if (!(await this.#mayLead(alias, keyId))) return;
    try {
      await translated(() => this.#client.send(new DeleteAliasCommand({ AliasName: alias })));
    } catch (error) {
      // There was none, or it is gone and KMS still showed it.
      if (!isError(error, 'KeyNotYetVisible')) throw error;
    }
  }

  /** It leads to the key, or KMS does not show it: then it may have been made just now. */
  async #mayLead(alias: string, keyId: string): Promise<boolean> {
    try {
      const target = await new KmsAliasWriter(this.#client).aliasTarget(alias);
      return target === keyId || target === null;
    } catch (error) {
      if (!isError(error, 'AccessDenied')) throw error;
      // It leads to a key that is none of ours, unless the key itself says otherwise.
      const command = new ListAliasesCommand({ KeyId: keyId, Limit: 100 });
      const { Aliases } = await translated(() => this.#client.send(command));
      return (Aliases ?? []).some(({ AliasName }) => AliasName === alias);
    }
  }
}

export class KmsPolicies implements PolicyWriter, PolicyReader, PolicyRestorer {
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
    await this.#put(keyId, JSON.stringify(keyPolicy(this.#site, template, access)));
  }

  async restorePolicy(keyId: string, document: string): Promise<void> {
    try {
      await this.#put(keyId, document);
    } catch (error) {
      // A policy that does not let us write never was replaced by ours: then it is there still.
      if (!isError(error, 'AccessDenied') || (await this.#policyOf(keyId)) !== document)
        throw error;
    }
  }

  async #put(keyId: string, document: string): Promise<void> {
    const named = { KeyId: keyId, PolicyName: 'default', Policy: document };
    await translated(() => this.#client.send(new PutKeyPolicyCommand(named)));
  }

  async #policyOf(keyId: string): Promise<string | undefined> {
    const command = new GetKeyPolicyCommand({ KeyId: keyId, PolicyName: 'default' });
    return (await translated(() => this.#client.send(command))).Policy;
  }

  async hasPolicy(
    keyId: string,
    template: PolicyTemplate,
    access: readonly AccessGrant[],
  ): Promise<boolean> {
    const Policy = await this.#policyOf(keyId);
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

/** Tags of a key; ours, and what else is there. */
async function tagsOf(client: KMSClient, keyId: string): Promise<ReadonlyMap<string, string>> {
  const list = new ListResourceTagsCommand({ KeyId: keyId, Limit: 50 });
  const { Tags } = await translated(() => client.send(list));
  return new Map((Tags ?? []).map(({ TagKey, TagValue }) => [TagKey ?? '', TagValue ?? '']));
}

export class KmsKeyMarker implements KeyMarker {
  readonly #client: KMSClient;

  constructor(client: KMSClient) {
    this.#client = client;
  }

  async mark(keyId: string, provenance: Provenance): Promise<void> {
    // Looked first: the right to mark ends with the first mark.
    const marked = (await tagsOf(this.#client, keyId)).get(TAGS.operation);
    if (marked === provenance.operationId) return;
    const Tags = [...toTags(provenance, true), { TagKey: TAGS.adopted, TagValue: 'true' }];
    await translated(() => this.#client.send(new TagResourceCommand({ KeyId: keyId, Tags })));
  }

  async unmark(keyId: string, operationId: string): Promise<void> {
    const tags = await tagsOf(this.#client, keyId);
    if (tags.get(TAGS.operation) !== operationId) return;
    await new KmsKeyUntagger(this.#client).untag(keyId);
  }
}

export class KmsKeyUntagger implements KeyUntagger {
  readonly #client: KMSClient;

  constructor(client: KMSClient) {
    this.#client = client;
  }

  async untag(keyId: string): Promise<void> {
    // Looked first: without our tags IAM lets us do nothing to the key, so a second try would be refused.
    const ours: readonly string[] = Object.values(TAGS);
    const TagKeys = [...(await tagsOf(this.#client, keyId)).keys()].filter((tag) =>
      ours.includes(tag),
    );
    if (TagKeys.length === 0) return;
    await translated(() => this.#client.send(new UntagResourceCommand({ KeyId: keyId, TagKeys })));
  }
}
