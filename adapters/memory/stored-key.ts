// SPDX-License-Identifier: Apache-2.0
// A key of the vault in memory, and what its policy lets whom do (`docs/key-policies.md`).
import type { FunctionName } from '#core/contract/environment.ts';
import type { KeySpec, Origin, PolicyTemplate } from '#core/contract/vocabulary.ts';
import { CANARY_CONTEXT_KEY, DATA_KEY_CONTEXT_KEY } from '#core/keys/naming.ts';
import type { AccessGrant } from '#core/keys/records.ts';
import type { Context, Provenance, UnrecordedKey, VaultKey } from '#core/ports/key-vault.ts';
import type { Eventual } from './eventual.ts';
import type { MemoryKeyMaterial } from './key-material.ts';

export type Caller = FunctionName | `arn:${string}`;

/** `original`: a document of somebody else; it names `access`, and leaves the rest to IAM of the account. */
export interface KeyPolicy {
  readonly template: PolicyTemplate | 'original';
  readonly access: readonly AccessGrant[];
  readonly document?: string;
}

export interface StoredKey extends VaultKey {
  provenance: Provenance;
  readonly keyStoreId: string;
  readonly createdAt: string;
  readonly visibleFrom: number;
  readonly material: MemoryKeyMaterial;
  readonly policy: Eventual<KeyPolicy>;
  readonly isRecorded: Eventual<boolean>;
  /** Tags that are not Keyturn's. */
  readonly otherTags: Readonly<Record<string, string>>;
  readonly origin: Origin;
  readonly keySpec: KeySpec;
  readonly shownMaterial: Eventual<string>;
  /** For material. */
  isWaiting: boolean;
  imported: string | null;
  expiresAt: string | null;
  isPendingDeletion: boolean;
  readonly isDisabled: Eventual<boolean>;
  isTagged: boolean;
}

/** A key as a test wants to see it. */
export interface InspectedKey
  extends Pick<StoredKey, 'keyId' | 'provenance' | 'isPendingDeletion' | 'isTagged'> {
  readonly template: KeyPolicy['template'];
  readonly seenTemplate: KeyPolicy['template'];
  readonly policy: KeyPolicy;
  readonly isRecorded: boolean;
  readonly isDisabled: boolean;
}

/** A key as the search for unrecorded ones finds it. */
export function unrecordedView(key: StoredKey): UnrecordedKey {
  const { keyId, keyArn, provenance, createdAt, isPendingDeletion, isWaiting } = key;
  const state = isPendingDeletion ? 'other' : isWaiting ? 'waiting' : 'enabled';
  const material = key.origin === 'AWS_KMS' ? { materialId: key.material.currentId } : {};
  return { keyId, keyArn, provenance, createdAt, state, ...material };
}

/** Where a key comes from that no operation of Keyturn made. */
export const NOBODY: Provenance = { stage: '', name: '', version: 0, operationId: '' };

/** Templates whose policy names who is let in. */
export const NAMES_ACCESS: readonly string[] = [
  'active',
  'decrypt-only',
  'contained',
  'released',
  'released-decrypt-only',
];

type Act = 'encrypt' | 'decrypt';

function isOfAccess({ access }: KeyPolicy, caller: Caller, act: Act): boolean {
  return access.some((grant) => grant.principal === caller && grant.rights.includes(act));
}

/** IAM lets a function of ours act on tagged keys alone, and each in its own way. */
function iamPermits(caller: Caller, act: Act, context: Context): boolean {
  if (caller === 'verify-version') return CANARY_CONTEXT_KEY in context;
  if (caller === 'make-data-key') return act === 'encrypt' && DATA_KEY_CONTEXT_KEY in context;
  return caller === 'use-key' || caller === 'reencrypt';
}

/** What the policy of a key lets a caller do, IAM of the account included. */
export function permits(
  key: StoredKey,
  seen: KeyPolicy,
  caller: Caller,
  act: Act,
  context: Context,
  now: string,
) {
  const { template } = seen;
  if (template === 'suspended') return false;
  if (template === 'contained')
    return isOfAccess(seen, caller, act) && seen.access.every(({ until }) => until && now < until);
  if (template === 'original')
    return isOfAccess(seen, caller, act) || (key.isTagged && iamPermits(caller, act, context));
  if (act === 'encrypt' && template.endsWith('decrypt-only')) return false;
  if (template.startsWith('released') && caller === 'use-key') return false;
  if (caller === 'verify-version') return iamPermits(caller, act, context);
  if (template === 'pre-activation') return false;
  return iamPermits(caller, act, context) || isOfAccess(seen, caller, act);
}
