// SPDX-License-Identifier: Apache-2.0
// Creates KMS keys in the custom key store, and finds those whose record was lost. A key says by its tags what it
// is: stage, key, version, operation, and whether it is recorded.
import {
  CreateKeyCommand,
  DescribeKeyCommand,
  type KeyMetadata,
  type KMSClient,
  ListKeysCommand,
  ListResourceTagsCommand,
  TagResourceCommand,
} from '@aws-sdk/client-kms';
import { isError, precondition } from '#core/errors.ts';
import type {
  CreatedKey,
  KeyCreator,
  KeyPlace,
  OrphanFinder,
  Provenance,
  UnrecordedKey,
  VaultKey,
} from '#core/ports/key-vault.ts';
import { translated } from './errors.ts';
import { keyPolicy, type PolicySite } from './key-policy.ts';

/** Tag keys on every KMS key Keyturn makes. */
export const TAGS = {
  stage: 'keyturn:stage',
  name: 'keyturn:key',
  version: 'keyturn:version',
  operation: 'keyturn:operation',
  recorded: 'keyturn:recorded',
  /** On a key that somebody else made: the roles that schedule deletions do not reach it. */
  adopted: 'keyturn:adopted',
} as const;

export function toTags(provenance: Provenance, recorded: boolean) {
  const { stage, name, version, operationId } = provenance;
  return Object.entries({
    [TAGS.stage]: stage,
    [TAGS.name]: name,
    [TAGS.version]: String(version),
    [TAGS.operation]: operationId,
    [TAGS.recorded]: String(recorded),
  }).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
}

/**
 * How long a look for one version's keys may take. ListResourceTags answers 2,000 calls a second to all of an account
 * (KMS request quotas), so this reaches some 10,000 keys; many looks at once share the quota.
 */
const LOOK_MILLISECONDS = 10_000;
/** Keys remembered to be none of ours, or recorded; some 100 bytes each. */
const MAX_SETTLED = 100_000;

export class KmsKeyCreator implements KeyCreator, OrphanFinder {
  readonly #client: KMSClient;
  readonly #site: PolicySite;
  readonly #lookMilliseconds: number;
  /** What never becomes an unrecorded key of ours again: its tags need not be read twice by one process. */
  readonly #settled = new Set<string>();

  constructor(client: KMSClient, site: PolicySite, lookMilliseconds = LOOK_MILLISECONDS) {
    this.#client = client;
    this.#site = site;
    this.#lookMilliseconds = lookMilliseconds;
  }

  async createKey(place: KeyPlace, provenance: Provenance): Promise<CreatedKey> {
    const { origin, keyStoreId, spec } = place;
    const command = new CreateKeyCommand({
      Origin: origin,
      ...(keyStoreId === null ? {} : { CustomKeyStoreId: keyStoreId }),
      KeySpec: spec?.keySpec ?? 'SYMMETRIC_DEFAULT',
      KeyUsage: spec?.usage ?? 'ENCRYPT_DECRYPT',
      Description: `Keyturn ${provenance.stage}: ${provenance.name} v${provenance.version}`,
      Policy: JSON.stringify(keyPolicy(this.#site, 'pre-activation', [])),
      // The creator cannot change the policy again, and shall not: `apply-policy` can. KMS's lockout check asks
      // about the caller only (KMS API reference, CreateKey).
      BypassPolicyLockoutSafetyCheck: true,
      Tags: toTags(provenance, false),
    });
    const { KeyMetadata, $metadata } = await translated(() => this.#client.send(command));
    // The SDK asks again by itself: a try whose answer was lost may have made a key.
    return { ...toVaultKey(KeyMetadata), isDoubtful: ($metadata.attempts ?? 1) > 1 };
  }

  async markRecorded(keyId: string): Promise<void> {
    const Tags = [{ TagKey: TAGS.recorded, TagValue: 'true' }];
    await translated(() => this.#client.send(new TagResourceCommand({ KeyId: keyId, Tags })));
  }

  async findUnrecorded(provenance: Provenance): Promise<readonly UnrecordedKey[]> {
    const found: UnrecordedKey[] = [];
    const until = performance.now() + this.#lookMilliseconds;
    let cursor: string | null = null;
    do {
      const page = await this.listUnrecorded(provenance.stage, cursor);
      found.push(...page.keys.filter((key) => isSame(key.provenance, provenance)));
      cursor = page.nextCursor;
    } while (cursor !== null && performance.now() < until);
    return found;
  }

  async listUnrecorded(
    stage: string,
    cursor: string | null,
  ): Promise<{ keys: readonly UnrecordedKey[]; nextCursor: string | null }> {
    const command = new ListKeysCommand({ Limit: 100, ...(cursor ? { Marker: cursor } : {}) });
    const page = await translated(() => this.#client.send(command));
    const keyIds = (page.Keys ?? []).map(({ KeyId = '' }) => KeyId);
    const open = keyIds.filter((keyId) => !this.#settled.has(keyId));
    const looked = await Promise.all(open.map((keyId) => this.#inspect(stage, keyId)));
    return {
      keys: looked.filter((key) => key !== null),
      nextCursor: page.Truncated ? (page.NextMarker ?? null) : null,
    };
  }

  /** The key with its provenance, if it is an unrecorded one of this stage. */
  async #inspect(stage: string, keyId: string): Promise<UnrecordedKey | null> {
    try {
      const tags = await this.#tagsOf(keyId);
      if (isSettled(tags)) this.#settle(keyId);
      if (tags.get(TAGS.stage) !== stage || tags.get(TAGS.recorded) !== 'false') return null;
      const command = new DescribeKeyCommand({ KeyId: keyId });
      const { KeyMetadata } = await translated(() => this.#client.send(command));
      return toUnrecorded(KeyMetadata, tags);
    } catch (error) {
      // Keys of others are none of our business; a key gone or not yet visible is looked at next time.
      if (isError(error, 'AccessDenied', 'KeyNotYetVisible')) return null;
      throw error;
    }
  }

  #settle(keyId: string): void {
    if (this.#settled.size >= MAX_SETTLED) this.#settled.clear();
    this.#settled.add(keyId);
  }

  async #tagsOf(keyId: string): Promise<Map<string, string>> {
    const command = new ListResourceTagsCommand({ KeyId: keyId, Limit: 50 });
    const { Tags } = await translated(() => this.#client.send(command));
    return new Map((Tags ?? []).map((tag) => [tag.TagKey ?? '', tag.TagValue ?? '']));
  }
}

const STATES: Readonly<Record<string, UnrecordedKey['state']>> = {
  Enabled: 'enabled',
  PendingImport: 'waiting',
};

/** Recorded is for ever; a key of somebody else's has tags of theirs. One without any may show ours late. */
function isSettled(tags: ReadonlyMap<string, string>): boolean {
  if (tags.get(TAGS.recorded) === 'true') return true;
  return tags.size > 0 && !tags.has(TAGS.stage);
}

function isSame(a: Provenance, b: Provenance): boolean {
  return a.operationId === b.operationId && a.name === b.name && a.version === b.version;
}

function toVaultKey(metadata: KeyMetadata | undefined): VaultKey {
  precondition(metadata?.KeyId && metadata.Arn, 'KMS answers key id and ARN');
  const { CurrentKeyMaterialId: materialId } = metadata;
  return { keyId: metadata.KeyId, keyArn: metadata.Arn, ...(materialId ? { materialId } : {}) };
}

function toUnrecorded(metadata: KeyMetadata | undefined, tags: Map<string, string>): UnrecordedKey {
  precondition(metadata?.CreationDate, 'KMS answers the creation date');
  return {
    ...toVaultKey(metadata),
    createdAt: metadata.CreationDate.toISOString(),
    state: STATES[metadata.KeyState ?? ''] ?? 'other',
    provenance: {
      stage: tags.get(TAGS.stage) ?? '',
      name: tags.get(TAGS.name) ?? '',
      version: Number(tags.get(TAGS.version) ?? 0),
      operationId: tags.get(TAGS.operation) ?? '',
    },
  };
}
