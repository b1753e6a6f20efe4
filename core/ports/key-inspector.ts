// SPDX-License-Identifier: Apache-2.0
// Port that reads what a vault key is that Keyturn did not make. It changes nothing.

/** A part that the caller was not let read is null, and named in `unreadable`. */
export interface ForeignKey {
  readonly keyId: string;
  readonly keyArn: string;
  readonly description: string;
  readonly createdAt: string;
  /** The vault's own word, such as `Enabled`. */
  readonly state: string;
  readonly origin: string;
  readonly keySpec: string;
  readonly usage: string;
  /** `AWS` for keys that an AWS service made and keeps. */
  readonly manager: string;
  readonly isMultiRegion: boolean;
  readonly keyStoreId: string | null;
  /** The policy document as text. */
  readonly policy: string | null;
  readonly aliases: readonly string[] | null;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly grants: number | null;
  /** Null also for keys that have no automatic rotation at all. */
  readonly isRotatedByVault: boolean | null;
  /** Null when it was not used since the vault began to look. */
  readonly lastUsedAt: string | null;
  readonly unreadable: readonly string[];
}

/** A grant on a key, as far as it says who may do what. */
export interface ForeignGrant {
  readonly id: string;
  readonly grantee: string;
  readonly operations: readonly string[];
}

export interface KeyInspector {
  /**
   * Reads one key.
   * @param reference id, ARN or alias
   * @throws KeyturnError `KeyNotFound`, `AccessDenied` when not even its metadata can be read, and the vault's failures
   */
  inspect(reference: string): Promise<ForeignKey>;
  /** Grants on a key, at most a thousand. */
  listGrants(keyId: string): Promise<readonly ForeignGrant[]>;
}
