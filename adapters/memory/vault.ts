// SPDX-License-Identifier: Apache-2.0
// The key system in memory, for unit tests and simulation, with the semantics of KMS that the workflows rely on:
// the policy template decides who may do what, a disconnected store makes keys unavailable, a key pending deletion
// is of no use, and changes can be seen late. It passes the same contract suite as the KMS adapters.
import type { ErrorCode } from '#core/contract/errors.ts';
import type { Origin, PolicyTemplate } from '#core/contract/vocabulary.ts';
import { KeyturnError } from '#core/errors.ts';
import type { AccessGrant } from '#core/keys/records.ts';
import type { DataKeyMaker } from '#core/ports/data-keys.ts';
import type { KeyInspector } from '#core/ports/key-inspector.ts';
import type {
  Context,
  CryptoUser,
  KeyPlace,
  Provenance,
  Prover,
  ReEncryptor,
  UnrecordedKey,
  VaultKey,
} from '#core/ports/key-vault.ts';
import type { Clock } from '#core/ports/platform.ts';
import { cryptoOf, dataKeysOf, proverOf, reEncryptorOf, type Usable } from './crypto.ts';
import { Eventual } from './eventual.ts';
import { foreignView, originalPolicy } from './foreign-view.ts';
import { MemoryKeyMaterial } from './key-material.ts';
import { importInto, rotateInside } from './material.ts';
import {
  type Caller,
  type InspectedKey,
  type KeyPolicy,
  NAMES_ACCESS,
  NOBODY,
  permits,
  type StoredKey,
  unrecordedView,
} from './stored-key.ts';
import type { VaultPorts } from './vault-ports.ts';

/** How the vault behaves. */
export interface MemoryVaultOptions {
  readonly clock: Clock;
  /** Ids of the key stores that exist; all are connected at first. */
  readonly keyStores?: readonly string[];
  /** For how many calls a change stays unseen. */
  readonly visibilityCalls?: number;
}

const PAGE = 100;

/** Where keys lie that are in no CloudHSM key store; it is always there. */
const STANDARD_STORE = 'aws-kms';

const failure = (code: ErrorCode, message: string) => new KeyturnError(code, message);

export class MemoryVault implements VaultPorts {
  readonly #clock: Clock;
  readonly #visibilityCalls: number;
  readonly #connected: Map<string, boolean>;
  readonly #keys = new Map<string, StoredKey>();
  readonly #aliases = new Map<string, Eventual<string | null>>();
  #calls = 0;

  constructor(options: MemoryVaultOptions) {
    this.#clock = options.clock;
    this.#visibilityCalls = options.visibilityCalls ?? 0;
    const stores = [...(options.keyStores ?? ['cks-memory']), STANDARD_STORE];
    this.#connected = new Map(stores.map((id) => [id, true]));
  }

  /** Disconnects a key store or connects it again. */
  setConnected(keyStoreId: string, isConnected: boolean): void {
    this.#connected.set(keyStoreId, isConnected);
  }

  /** Every key ever made, in order, as a test wants to see it. */
  inspect(): readonly InspectedKey[] {
    return [...this.#keys.values()].map(
      ({ keyId, provenance, policy, isRecorded, isDisabled, isPendingDeletion, isTagged }) => ({
        ...{ keyId, provenance, isPendingDeletion, isTagged },
        template: policy.latest.template,
        seenTemplate: policy.seenAt(this.#calls).template,
        policy: policy.latest,
        isRecorded: isRecorded.latest,
        isDisabled: isDisabled.seenAt(this.#calls),
      }),
    );
  }

  /** Every alias: where it points, and where readers see it point. Looking is no call: nothing becomes visible by it. */
  inspectAliases(): readonly { alias: string; target: string | null; seen: string | null }[] {
    return [...this.#aliases].map(([alias, target]) => ({
      alias,
      target: target.latest,
      seen: target.seenAt(this.#calls),
    }));
  }

  /** Wrapped data keys, as one caller may make them. */
  dataKeysFor(caller: Caller): DataKeyMaker {
    return dataKeysOf(this.#usableTo(caller));
  }

  /** The vault as one caller may use it: a function of Keyturn, or a consumer by role ARN. */
  cryptoFor(caller: Caller): CryptoUser {
    return cryptoOf(this.#usableTo(caller));
  }

  /** Re-encryption as one caller may do it: reading needs the right to decrypt, writing the right to encrypt. */
  reEncryptorFor(caller: Caller): ReEncryptor {
    return reEncryptorOf(this.#usableTo(caller));
  }

  proverFor(caller: Caller): Prover {
    return proverOf(this.#usableTo(caller));
  }

  #usableTo(caller: Caller): Usable {
    return (act, keyId, context) => this.#usable(caller, act, keyId, context);
  }

  async createKey(place: KeyPlace, provenance: Provenance): Promise<VaultKey> {
    this.#calls += 1;
    const keyStoreId = place.keyStoreId ?? STANDARD_STORE;
    if (!this.#connected.has(keyStoreId)) {
      throw failure('KeyStoreMisconfigured', 'the vault does not know the recorded key store');
    }
    this.#requireConnection(keyStoreId);
    const policy = { template: 'pre-activation', access: [] } as const;
    return this.#add({ ...place, keyStoreId }, provenance, policy);
  }

  /** Makes a key as somebody else would, past every hook: IAM of the account decides, beside what the policy names. */
  addForeignKey(
    document: string,
    aliases: readonly string[] = [],
    origin: Origin = 'AWS_CLOUDHSM',
  ): VaultKey {
    const [ours = ''] = this.#connected.keys();
    const keyStoreId = origin === 'AWS_CLOUDHSM' ? ours : STANDARD_STORE;
    const made = this.#add({ origin, keyStoreId }, NOBODY, originalPolicy(document), {
      team: 'orders',
    });
    for (const alias of aliases) this.#aliases.set(alias, new Eventual<string | null>(made.keyId));
    return made;
  }

  #add(
    { origin, keyStoreId, spec }: KeyPlace & { readonly keyStoreId: string },
    provenance: Provenance,
    policy: KeyPolicy,
    otherTags: Readonly<Record<string, string>> = {},
  ): VaultKey {
    const keyId = `00000000-0000-4000-8000-${String(this.#keys.size + 1).padStart(12, '0')}`;
    const keyArn = `arn:aws:kms:us-east-1:000000000000:key/${keyId}`;
    const material = new MemoryKeyMaterial(keyId);
    this.#keys.set(keyId, {
      keyId,
      keyArn,
      provenance,
      keyStoreId,
      createdAt: this.#clock.now(),
      // What somebody else made was there before.
      visibleFrom: provenance === NOBODY ? 0 : this.#calls + this.#visibilityCalls,
      material,
      shownMaterial: new Eventual(material.currentId),
      origin,
      keySpec: spec?.keySpec ?? 'SYMMETRIC_DEFAULT',
      isWaiting: origin === 'EXTERNAL',
      imported: null,
      expiresAt: null,
      policy: new Eventual(policy),
      isRecorded: new Eventual(false),
      otherTags,
      isPendingDeletion: false,
      isDisabled: new Eventual(false),
      isTagged: provenance !== NOBODY,
    });
    return { keyId, keyArn, ...(origin === 'AWS_KMS' ? { materialId: material.currentId } : {}) };
  }

  async currentMaterial(keyId: string): Promise<string> {
    return this.#found(keyId).shownMaterial.seenAt(this.#calls);
  }

  async rotateMaterial(keyId: string): Promise<void> {
    const key = this.#found(keyId);
    if (key.origin === 'AWS_KMS') this.#requireTemplate(key, 'active');
    rotateInside(key, this.#calls + this.#visibilityCalls);
  }

  async importMaterial(
    keyId: string,
    bytes: Uint8Array,
    expiresAt: string | null = null,
  ): Promise<void> {
    const key = this.#found(keyId);
    this.#requireTemplate(key, 'pre-activation');
    importInto(key, bytes, expiresAt);
  }

  async hasMaterial(keyId: string): Promise<boolean> {
    return !this.#found(keyId).isWaiting;
  }

  async expiryOf(keyId: string): Promise<string | null> {
    return this.#found(keyId).expiresAt;
  }

  async markRecorded(keyId: string): Promise<void> {
    const key = this.#found(keyId);
    this.#requireTemplate(key, 'pre-activation');
    this.#requireNotDeleted(key);
    key.isRecorded.set(true, this.#calls + this.#visibilityCalls);
  }

  async findUnrecorded(provenance: Provenance): Promise<readonly UnrecordedKey[]> {
    const { operationId, name, version } = provenance;
    return this.#unrecorded(provenance.stage).filter(
      ({ provenance: other }) =>
        other.operationId === operationId && other.name === name && other.version === version,
    );
  }

  async listUnrecorded(
    stage: string,
    cursor: string | null,
  ): Promise<{ keys: readonly UnrecordedKey[]; nextCursor: string | null }> {
    const behind = this.#unrecorded(stage).filter((key) => cursor === null || key.keyId > cursor);
    const keys = behind.slice(0, PAGE);
    return { keys, nextCursor: behind.length > PAGE ? (keys.at(-1)?.keyId ?? null) : null };
  }

  async aliasTarget(alias: string): Promise<string | null> {
    this.#calls += 1;
    return this.#aliases.get(alias)?.seenAt(this.#calls) ?? null;
  }

  async createAlias(alias: string, keyId: string): Promise<void> {
    this.#requireNotDeleted(this.#found(keyId));
    if (this.#aliases.has(alias)) throw failure('AliasTaken', 'the alias exists');
    const target = new Eventual<string | null>(null);
    target.set(keyId, this.#calls + this.#visibilityCalls);
    this.#aliases.set(alias, target);
  }

  async moveAlias(alias: string, keyId: string): Promise<void> {
    this.#requireNotDeleted(this.#found(keyId));
    const target = this.#aliases.get(alias);
    if (!target) throw failure('KeyNotYetVisible', 'no such alias');
    target.set(keyId, this.#calls + this.#visibilityCalls);
  }

  async applyPolicy(
    keyId: string,
    template: PolicyTemplate,
    access: readonly AccessGrant[],
  ): Promise<void> {
    const policy = { template, access: structuredClone(access) };
    this.#tagged(keyId).policy.set(policy, this.#calls + this.#visibilityCalls);
  }

  async hasPolicy(
    keyId: string,
    template: PolicyTemplate,
    access: readonly AccessGrant[],
  ): Promise<boolean> {
    const seen = this.#found(keyId).policy.seenAt(this.#calls);
    const isSameAccess =
      !NAMES_ACCESS.includes(template) || JSON.stringify(seen.access) === JSON.stringify(access);
    return seen.template === template && isSameAccess;
  }

  async scheduleDeletion(keyId: string, days: number): Promise<void> {
    const key = this.#found(keyId);
    if (days < 7 || days > 30) throw failure('InternalError', 'the window is 7 to 30 days');
    this.#requireTemplate(key, 'pre-activation');
    key.isPendingDeletion = true;
  }

  async disable(keyId: string): Promise<void> {
    this.#tagged(keyId).isDisabled.set(true, this.#calls + this.#visibilityCalls);
  }

  async isDisabled(keyId: string): Promise<boolean> {
    return this.#found(keyId).isDisabled.seenAt(this.#calls);
  }

  async enable(keyId: string): Promise<void> {
    this.#tagged(keyId).isDisabled.set(false, this.#calls + this.#visibilityCalls);
  }

  async revokeGrants(): Promise<number> {
    return 0; // Keys in memory have none.
  }

  async untag(keyId: string): Promise<void> {
    const key = this.#found(keyId);
    const { template } = key.policy.seenAt(this.#calls);
    if (!template.startsWith('released'))
      throw failure('AccessDenied', 'only a key that is let go loses its marks');
    key.isTagged = false;
  }

  async mark(keyId: string, provenance: Provenance): Promise<void> {
    const key = this.#found(keyId);
    if (key.provenance.operationId === provenance.operationId && key.isTagged) return;
    if (key.isTagged) throw failure('AccessDenied', 'a key that carries marks gets no others');
    key.provenance = provenance;
    key.isRecorded.set(true, 0);
    key.isTagged = true;
  }

  async unmark(keyId: string, operationId: string): Promise<void> {
    const key = this.#found(keyId);
    if (!key.isTagged || key.provenance.operationId !== operationId) return;
    this.#requireTemplate(key, 'original');
    key.provenance = NOBODY;
    key.isTagged = false;
  }

  async restorePolicy(keyId: string, document: string): Promise<void> {
    const seen = this.#calls + this.#visibilityCalls;
    this.#tagged(keyId).policy.set(originalPolicy(document), seen);
  }

  /** Replaces the policy of a key as its owner would, past every hook. */
  setForeignPolicy(keyId: string, document: string): void {
    this.#found(keyId).policy.set(originalPolicy(document), 0);
  }

  async removeAlias(alias: string, keyId: string): Promise<void> {
    this.#requireTemplate(this.#found(keyId), 'original');
    if (this.#aliases.get(alias)?.latest === keyId) this.#aliases.delete(alias);
  }

  /** The vault as it is read before an adoption. */
  inspector(): KeyInspector {
    return {
      inspect: async (reference) => {
        const key = this.#found(this.#aliases.get(reference)?.latest ?? reference);
        const aliases = [...this.#aliases].flatMap(([alias, target]) =>
          target.latest === key.keyId ? [alias] : [],
        );
        return foreignView(key, key.policy.seenAt(this.#calls), aliases);
      },
      listGrants: async () => [],
    };
  }

  /** IAM lets our roles change keys that carry our tags. */
  #tagged(keyId: string): StoredKey {
    const key = this.#found(keyId);
    if (!key.isTagged) throw failure('AccessDenied', 'the key carries no tag of ours');
    return key;
  }

  #found(keyId: string): StoredKey {
    this.#calls += 1;
    const key = this.#keys.get(keyId);
    if (key && key.visibleFrom <= this.#calls) return key;
    throw failure('KeyNotYetVisible', 'the vault does not know the key (yet)');
  }

  /** Refusals come in the order of KMS: unknown, denied, then what the key's state forbids. */
  #usable(caller: Caller, act: 'encrypt' | 'decrypt', keyId: string, context: Context): StoredKey {
    const key = this.#found(keyId);
    const seen = key.policy.seenAt(this.#calls);
    if (!permits(key, seen, caller, act, context, this.#clock.now()))
      throw failure('AccessDenied', `the policy of the key does not let ${caller} ${act}`);
    this.#requireNotDeleted(key);
    if (key.isDisabled.seenAt(this.#calls)) throw failure('KeyNotUsable', 'the key is disabled');
    if (key.isWaiting) throw failure('KeyNotUsable', 'the key waits for its material');
    this.#requireConnection(key.keyStoreId);
    return key;
  }

  #requireConnection(keyStoreId: string): void {
    if (this.#connected.get(keyStoreId) !== true)
      throw failure('KeyStoreUnavailable', 'the key store is not connected');
  }

  #requireNotDeleted(key: StoredKey): void {
    if (key.isPendingDeletion) throw failure('KeyNotUsable', 'the key is pending deletion');
    const isGone = key.expiresAt !== null && key.expiresAt <= this.#clock.now();
    if (isGone) throw failure('KeyNotUsable', 'the material of the key has expired');
  }

  #requireTemplate(key: StoredKey, template: KeyPolicy['template']): void {
    if (key.policy.seenAt(this.#calls).template !== template)
      throw failure('AccessDenied', `only the ${template} policy lets a function do that`);
  }

  #unrecorded(stage: string): UnrecordedKey[] {
    this.#calls += 1;
    return [...this.#keys.values()]
      .filter((key) => key.provenance.stage === stage && key.visibleFrom <= this.#calls)
      .filter((key) => !key.isRecorded.seenAt(this.#calls))
      .map(unrecordedView);
  }
}
