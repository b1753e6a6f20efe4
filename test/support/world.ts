// SPDX-License-Identifier: Apache-2.0
// A whole Keyturn in memory: ports, a provisioned key store, and shortcuts through the use cases. Every port goes
// through `world.onCall`, so that a test can make any call fail before or after its effect.

import { AgreedElectorate } from '#adapters/approvals/electorate.ts';
import { policyMeter } from '#adapters/kms/key-policy.ts';
import { MemoryBrakeRows } from '#adapters/memory/brake-rows.ts';
import { MemoryCiphertextSource } from '#adapters/memory/ciphertext-source.ts';
import { MemoryClock } from '#adapters/memory/clock.ts';
import { MemoryDrillRows } from '#adapters/memory/drill-rows.ts';
import { MemoryDrillSite } from '#adapters/memory/drill-site.ts';
import { MemoryEvidenceStore } from '#adapters/memory/evidence-store.ts';
import { type PortCall, type PortHook, withHook } from '#adapters/memory/faults.ts';
import { MemoryHsmFleet } from '#adapters/memory/hsm-fleet.ts';
import { CountingIds } from '#adapters/memory/ids.ts';
import { MemoryIncidentRows } from '#adapters/memory/incident-rows.ts';
import { MemoryKeyStates } from '#adapters/memory/key-destruction.ts';
import { MemoryKeyUseLog } from '#adapters/memory/key-use-log.ts';
import { MemoryLedger } from '#adapters/memory/ledger.ts';
import { MemoryNoticeRows } from '#adapters/memory/notice-rows.ts';
import { MemoryPauseRows } from '#adapters/memory/pause-rows.ts';
import { MemoryReencryptionProgress } from '#adapters/memory/reencryption-progress.ts';
import { MemoryReplayRows } from '#adapters/memory/replay-rows.ts';
import { MemoryRoleBrake } from '#adapters/memory/role-brake.ts';
import { MemoryScopeRows } from '#adapters/memory/scope-rows.ts';
import { MemoryStartSlots } from '#adapters/memory/start-slots.ts';
import { MemoryVault } from '#adapters/memory/vault.ts';
import { MemoryWorkflows } from '#adapters/memory/workflows.ts';
import type { KeyRecord, VersionRecord } from '#core/keys/records.ts';
import type { SourceRecord } from '#core/keys/reencryption.ts';
import { type AdoptKeyInput, adoptKey } from '#core/operations/adopt-key.ts';
import type { MaterialSource } from '#core/operations/create-version.ts';
import { DataKeySource } from '#core/operations/data-key-source.ts';
import { type GenerateKeyInput, generateKey, type KeySite } from '#core/operations/generate-key.ts';
import { importedMaterial } from '#core/operations/import-material.ts';
import { keyStream } from '#core/operations/mutate-key.ts';
import { type RotateKeyInput, rotateKey } from '#core/operations/rotate-key.ts';
import type { ApprovalRule, Elector } from '#core/policies/approval-rules.ts';
import type { ClassPolicy } from '#core/policies/classes.ts';
import type { ContainmentRules } from '#core/policies/containment-rules.ts';
import { type DecisionPolicy, decisionPolicyOf } from '#core/policies/decision-policy.ts';
import type { VoteVerifier } from '#core/ports/approvals.ts';
import type { LastUse } from '#core/ports/key-vault.ts';
import type { KeySnapshot } from '#core/ports/ledger.ts';
import type { Decision, Principal } from '#core/ports/platform.ts';
import { admitKeyStore, recordProgress } from '#core/provisioning/provision-key-store.ts';
import { APPROVAL_RULES } from '#policies/approval-rules.ts';
import { CLASSES } from '#policies/classes.ts';
import { CONTAINMENT_RULES } from '#policies/containment-rules.ts';
import { DIRECTORY } from '#policies/directory.ts';
import { SITE as PASSKEY_SITE } from '#test/support/passkey.ts';

export const STAGE = 'local';
export const KEY_STORE = 'main';
export const KEY_STORE_ID = 'cks-memory';
export const CONSUMER = 'arn:aws:iam::000000000000:role/orders-api';
export const PERMIT: Decision = { effect: 'permit', rule: 'test' };
export const ALICE: Principal = {
  id: 'usr_alice',
  kind: 'person',
  name: 'alice',
  groups: ['grp_operators'],
};

export const ORDERS: GenerateKeyInput = {
  name: 'orders',
  class: 'test',
  owner: 'olga',
  purpose: 'order archive',
  environment: 'development',
  tier: 'kms',
  access: [{ principal: CONSUMER, rights: ['encrypt', 'decrypt'] }],
};

export const SITE: KeySite = {
  stage: STAGE,
  keyStore: KEY_STORE,
  environments: ['development'],
  classes: CLASSES,
  dataKeyShards: 1,
  hsmType: 'hsm2m.medium',
};

/** Whose roles policies name. */
export const POLICY_SITE = { stage: STAGE, account: '000000000000', partition: 'aws' };

export const WAITS = { settleSeconds: 5, bakeSeconds: 10 };

export interface WorldOptions {
  readonly visibilityCalls?: number;
}

/** Random bytes that are different each time and the same in each run. */
function countingBytes(): (bytes: number) => Uint8Array {
  let next = 0;
  return (bytes) => {
    next += 1;
    return new Uint8Array(bytes).fill(next % 256);
  };
}

export class World {
  readonly clock = new MemoryClock();
  readonly ids = new CountingIds();
  readonly workflows = new MemoryWorkflows();
  readonly slots = new MemoryStartSlots();
  readonly random = countingBytes();
  classes: readonly ClassPolicy[] = CLASSES;
  containmentRules: ContainmentRules = CONTAINMENT_RULES;
  /** Waits of executions that are started from now on. */
  waits = WAITS;
  /** Who votes by which rules, as they are now. */
  people: readonly Elector[] = DIRECTORY.local;
  rules: readonly ApprovalRule[] = APPROVAL_RULES;
  /** What a vote's signature is found to be; signatures themselves are tested where they are checked. */
  signatureFault: string | null = null;
  /** One that looks at signatures. */
  verifier: VoteVerifier | null = null;
  readonly directory = { ownerExists: async (owner: string) => owner === 'olga' };
  /** The ledger and the vault themselves, past every hook. */
  readonly store = new MemoryLedger();
  readonly vault: MemoryVault;
  readonly ledger: MemoryLedger;
  readonly ports: MemoryVault;
  readonly progress = new MemoryReencryptionProgress();
  readonly evidence = new MemoryEvidenceStore();
  readonly notices = new MemoryNoticeRows();
  readonly incidents = new MemoryIncidentRows();
  readonly scopes = new MemoryScopeRows(
    (change) => this.store.commitApproval(change),
    this.store.reviews,
  );
  readonly brakes = new MemoryBrakeRows(
    (change) => this.store.commitApproval(change),
    this.store.reviews,
  );
  /** IAM as mass brakes see it. */
  readonly roleBrake = new MemoryRoleBrake();
  protectedRoles: readonly string[] = [];
  readonly pauses = new MemoryPauseRows();
  readonly hsms = new MemoryHsmFleet(this.clock);
  readonly drills = new MemoryDrillRows();
  readonly drillSite = new MemoryDrillSite();
  readonly keyUses = new MemoryKeyUseLog();
  /** KMS as destructions see it. */
  readonly keyStates = new MemoryKeyStates(this.clock);
  /** When a version was last used, as the vault says. */
  lastUse: LastUse = { at: null, operation: null, trackedSince: null };
  /** The same of one KMS key, for who keeps account of each. */
  lastUseOf: (keyId: string) => LastUse = () => this.lastUse;
  readonly replays = new MemoryReplayRows();
  /** Sources of ciphertexts by name; a registered one must be here. */
  readonly sources = new Map<string, MemoryCiphertextSource>();
  /** Where imported material comes from; null: from material that nobody keeps. */
  material: MaterialSource | null = null;
  /** The rate budget's answer to who wants to create a key. */
  awaitTurn: () => Promise<void> = async () => {};
  /** Called around every call of ledger, vault, progress and sources. */
  onCall: PortHook = () => {};

  constructor(options: WorldOptions = {}) {
    this.vault = new MemoryVault({ clock: this.clock, keyStores: [KEY_STORE_ID], ...options });
    const hook = (call: PortCall) => this.onCall(call);
    this.store.denialsRevision = () => this.scopes.denialsRevision;
    this.ledger = withHook(this.store, hook);
    this.ports = withHook(this.vault, hook);
  }

  /** Who decides, as it is deployed now. */
  get deployed(): DecisionPolicy {
    return decisionPolicyOf(this.rules, this.classes, this.people);
  }

  /** What every step needs. */
  get deps() {
    const hook = (call: PortCall) => this.onCall(call);
    const { ledger, clock, ids, workflows, directory, random, classes, slots, ports } = this;
    return {
      ledger,
      clock,
      ids,
      workflows,
      directory,
      random,
      classes,
      slots,
      waits: this.waits,
      approvals: ledger,
      elevations: ledger,
      passkeys: ledger,
      passkeySite: PASSKEY_SITE,
      roleGroups: ['grp_operators', 'grp_owners', 'grp_custodians', 'grp_auditors'],
      decisions: ledger,
      deployed: this.deployed,
      activationDelaySeconds: 60,
      electorate: new AgreedElectorate(this.deployed, ledger, clock),
      verifier: this.verifier ?? { fault: async () => this.signatureFault },
      stage: STAGE,
      creator: ports,
      awaitTurn: () => this.awaitTurn(),
      rotator: ports,
      material: this.material ?? importedMaterial({ importer: ports, clock, random, classes }),
      aliases: ports,
      policies: ports,
      remover: ports,
      untagger: ports,
      blocker: ports,
      blockReader: ports,
      enabler: ports,
      containmentRules: this.containmentRules,
      scopes: withHook(this.scopes, hook),
      brakes: withHook(this.brakes, hook),
      roleBrake: withHook(this.roleBrake, hook),
      protectedRoles: this.protectedRoles,
      pauses: withHook(this.pauses, hook),
      reviews: withHook(this.store.reviews, hook),
      purgeWatches: withHook(this.store.purgeWatches, hook),
      kmsBudget: { share: 0.5, quotas: {} },
      marker: ports,
      aliasRemover: ports,
      restorer: ports,
      inspector: withHook(this.vault.inspector(), hook),
      evidence: withHook(this.evidence, hook),
      account: POLICY_SITE.account,
      keyStore: KEY_STORE,
      movableAliases: ['alias/legacy-*'],
      uses: this.keyUses,
      lastUses: { lastUse: async (keyId: string) => this.lastUseOf(keyId) },
      retirer: withHook(this.keyStates, hook),
      reviver: withHook(this.keyStates, hook),
      states: withHook(this.keyStates, hook),
      certifier: withHook(this.keyStates, hook),
      meter: policyMeter(POLICY_SITE),
      orphans: ports,
      crypto: withHook(this.vault.cryptoFor('verify-version'), hook),
      prover: withHook(this.vault.proverFor('verify-version'), hook),
      progress: withHook(this.progress, hook),
      reEncryptor: withHook(this.vault.reEncryptorFor('reencrypt'), hook),
      openSource: (record: SourceRecord) =>
        record.location.kind === 'data-keys'
          ? new DataKeySource({ ledger, clock }, record)
          : withHook(this.sourceOf(record.name), hook),
      budget: { acquire: async () => {}, backOff: async () => {} },
      maker: withHook(this.vault.dataKeysFor('make-data-key'), hook),
    };
  }

  sourceOf(name: string): MemoryCiphertextSource {
    const source = this.sources.get(name) ?? new MemoryCiphertextSource();
    this.sources.set(name, source);
    return source;
  }

  /** Provisions the key store of the stage. */
  async provision(): Promise<void> {
    const operationId = this.ids.operationId();
    const { store: ledger, clock } = this;
    await admitKeyStore(
      { ledger, clock },
      {
        name: KEY_STORE,
        operationId,
        requestedBy: ALICE.id,
        decision: PERMIT,
        claim: { scope: `provision/${operationId}`, bodyHash: 'body' },
      },
    );
    await recordProgress(
      { ledger, clock },
      {
        operationId,
        keyStore: KEY_STORE,
        step: 'Connected',
        clusterId: 'cluster-source',
        keyStoreId: KEY_STORE_ID,
        outcome: 'done',
      },
    );
  }

  /** Admits a new key. @returns the operation id */
  async admitKey(
    input: Partial<GenerateKeyInput> = {},
    claim = this.#freshClaim(),
  ): Promise<string> {
    const by = { principal: ALICE, decision: PERMIT, claim };
    const { operationId } = await generateKey(
      this.deps,
      { ...SITE, classes: this.classes },
      { ...ORDERS, ...input },
      by,
    );
    return operationId;
  }

  /** Admits the adoption of a key that somebody else made. @returns the operation id */
  async admitAdoption(
    input: Partial<AdoptKeyInput> & Pick<AdoptKeyInput, 'kmsKey'>,
    claim = this.#freshClaim(),
  ): Promise<string> {
    const { tier: _tier, access: _access, parent: _parent, ...metadata } = ORDERS;
    const { operationId } = await adoptKey(
      this.deps,
      { ...SITE, classes: this.classes },
      { ...metadata, aliases: [], accept: ['delegated'], ...input },
      { principal: ALICE, decision: PERMIT, claim },
    );
    return operationId;
  }

  /** Admits a rotation. @returns the operation id */
  async admitRotation(input: Partial<RotateKeyInput> = {}): Promise<string> {
    const { operationId } = await rotateKey(this.deps, { ...aRotation(), ...input });
    return operationId;
  }

  async snapshot(name = ORDERS.name): Promise<KeySnapshot> {
    const snapshot = await this.store.readKey(name);
    if (!snapshot) throw new Error(`no key ${name}`);
    return snapshot;
  }

  async key(name = ORDERS.name): Promise<KeyRecord> {
    return (await this.snapshot(name)).key;
  }

  async version(version: number, name = ORDERS.name): Promise<VersionRecord> {
    const found = await this.store.readVersion(name, version);
    if (!found) throw new Error(`no version ${version} of ${name}`);
    return found;
  }

  /** The actions of a key's audit stream, in order. */
  async actions(name = ORDERS.name): Promise<string[]> {
    const { records } = await this.store.readAudit(keyStream(name), 0, 10_000);
    return records.map((record) => record.action);
  }

  #claims = 0;
  #freshClaim() {
    this.#claims += 1;
    return { scope: `create/${this.#claims}`, bodyHash: 'body' };
  }
}

/** A rotation asked for by the API, without an Idempotency-Key. */
export function aRotation(): RotateKeyInput {
  return {
    name: ORDERS.name,
    stage: STAGE,
    trigger: 'api',
    requestedBy: ALICE.id,
    reason: null,
    decision: PERMIT,
    claim: null,
  };
}

/** A world whose key store is provisioned. */
export async function aWorld(options: WorldOptions = {}): Promise<World> {
  const world = new World(options);
  await world.provision();
  return world;
}
