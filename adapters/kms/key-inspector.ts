// SPDX-License-Identifier: Apache-2.0
// Reads everything about one KMS key. What its policy does not let us read is reported as such, not guessed.
import {
  DescribeKeyCommand,
  GetKeyLastUsageCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  type GrantListEntry,
  type KeyMetadata,
  type KMSClient,
  ListAliasesCommand,
  ListGrantsCommand,
  ListResourceTagsCommand,
} from '@aws-sdk/client-kms';
import { isError, KeyturnError, precondition } from '#core/errors.ts';
import type { ForeignGrant, ForeignKey, KeyInspector } from '#core/ports/key-inspector.ts';
import { translated } from './errors.ts';

/** A report counts grants up to here; a key with more has "many". */
const MAX_GRANTS = 1000;

/** KMS answers so where a key cannot have what was asked for, such as automatic rotation. */
const NOT_APPLICABLE = new Set(['UnsupportedOperationException', 'KMSInvalidStateException']);

export class KmsKeyInspector implements KeyInspector {
  readonly #client: KMSClient;

  constructor(client: KMSClient) {
    this.#client = client;
  }

  async inspect(reference: string): Promise<ForeignKey> {
    const metadata = await this.#describe(reference);
    precondition(metadata.KeyId && metadata.Arn, 'KMS answers key id and ARN');
    const KeyId = metadata.KeyId;
    const unreadable: string[] = [];
    const read = <T>(what: string, call: () => Promise<T>) => readable(unreadable, what, call);
    return {
      ...describe(metadata, KeyId, metadata.Arn),
      policy: await read('policy', () => this.#policy(KeyId)),
      aliases: await read('aliases', () => this.#aliases(KeyId)),
      tags: await read('tags', () => this.#tags(KeyId)),
      grants: await read('grants', async () => (await this.#grants(KeyId)).length),
      isRotatedByVault: await read('rotation', () => this.#rotation(KeyId)),
      lastUsedAt: await read('last use', () => this.#lastUse(KeyId)),
      unreadable,
    };
  }

  async #describe(reference: string): Promise<KeyMetadata> {
    try {
      const command = new DescribeKeyCommand({ KeyId: reference });
      const { KeyMetadata: metadata } = await translated(() => this.#client.send(command));
      precondition(metadata, 'KMS answers metadata');
      return metadata;
    } catch (error) {
      if (!isError(error, 'KeyNotYetVisible')) throw error;
      throw new KeyturnError('KeyNotFound', 'KMS knows no such key here', { cause: error });
    }
  }

  async #policy(KeyId: string): Promise<string | null> {
    const command = new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' });
    return (await this.#client.send(command)).Policy ?? null;
  }

  async #aliases(KeyId: string): Promise<string[]> {
    // A key has at most 50 aliases (KMS quota), a page 100.
    const { Aliases } = await this.#client.send(new ListAliasesCommand({ KeyId, Limit: 100 }));
    return (Aliases ?? []).map(({ AliasName }) => AliasName ?? '').sort();
  }

  async #tags(KeyId: string): Promise<Record<string, string>> {
    const { Tags } = await this.#client.send(new ListResourceTagsCommand({ KeyId, Limit: 50 }));
    return Object.fromEntries((Tags ?? []).map(({ TagKey, TagValue }) => [TagKey, TagValue]));
  }

  async listGrants(keyId: string): Promise<readonly ForeignGrant[]> {
    return translated(() => this.#grants(keyId));
  }

  async #grants(KeyId: string): Promise<ForeignGrant[]> {
    const grants: ForeignGrant[] = [];
    let Marker: string | undefined;
    do {
      const command = new ListGrantsCommand({ KeyId, Limit: 100, ...(Marker ? { Marker } : {}) });
      const page = await this.#client.send(command);
      grants.push(...(page.Grants ?? []).map(grantOf));
      Marker = page.Truncated ? page.NextMarker : undefined;
    } while (Marker && grants.length < MAX_GRANTS);
    return grants;
  }

  async #rotation(KeyId: string): Promise<boolean | null> {
    const { KeyRotationEnabled } = await this.#client.send(
      new GetKeyRotationStatusCommand({ KeyId }),
    );
    return KeyRotationEnabled ?? null;
  }

  async #lastUse(KeyId: string): Promise<string | null> {
    const { KeyLastUsage } = await this.#client.send(new GetKeyLastUsageCommand({ KeyId }));
    return KeyLastUsage?.Timestamp?.toISOString() ?? null;
  }
}

function grantOf({ GrantId, GranteePrincipal, Operations }: GrantListEntry): ForeignGrant {
  return { id: GrantId ?? '', grantee: GranteePrincipal ?? '', operations: Operations ?? [] };
}

async function readable<T>(
  unreadable: string[],
  what: string,
  call: () => Promise<T>,
): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof Error && NOT_APPLICABLE.has(error.name)) return null;
    if (!(error instanceof Error) || error.name !== 'AccessDeniedException') {
      return translated<T>(() => Promise.reject(error));
    }
    unreadable.push(what);
    return null;
  }
}

function describe(metadata: KeyMetadata, keyId: string, keyArn: string) {
  return {
    keyId,
    keyArn,
    description: metadata.Description ?? '',
    createdAt: metadata.CreationDate?.toISOString() ?? '',
    state: metadata.KeyState ?? '',
    origin: metadata.Origin ?? '',
    keySpec: metadata.KeySpec ?? '',
    usage: metadata.KeyUsage ?? '',
    manager: metadata.KeyManager ?? '',
    isMultiRegion: metadata.MultiRegion ?? false,
    keyStoreId: metadata.CustomKeyStoreId ?? null,
  };
}
