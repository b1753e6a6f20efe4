// SPDX-License-Identifier: Apache-2.0
// The ledger in memory, for unit tests and simulation. It passes the same contract suite as the DynamoDB one.
import type { ApprovalRecord } from '#core/approvals/records.ts';
import { type AuditHead, type AuditRecord, genesisHash } from '#core/audit/chain.ts';
import { KeyturnError } from '#core/errors.ts';
import type {
  EscrowChange,
  EscrowSessionRecord,
  EscrowSetRecord,
  ShareEnvelope,
  StoredShares,
} from '#core/escrow/records.ts';
import type { ConsumerRecord } from '#core/keys/consumers.ts';
import type { Instant, KeyRecord, OperationRecord, VersionRecord } from '#core/keys/records.ts';
import type { HoldRecord, ReencryptionRecord, SourceRecord } from '#core/keys/reencryption.ts';
import { isInScope } from '#core/keys/scopes.ts';
import type { DecisionPolicyRecord } from '#core/policies/decision-policy.ts';
import type {
  ApprovalFilter,
  ApprovalLedger,
  Ballots,
  DecisionPolicies,
  DecisionPolicyChange,
} from '#core/ports/approvals.ts';
import type { Elevations, ElevationsChange, ElevationsRecord } from '#core/ports/elevations.ts';
import type { ShareArchive } from '#core/ports/escrow.ts';
import type {
  ApprovalChange,
  DueItem,
  IdempotencyRecord,
  KeyChange,
  KeySnapshot,
  KeyStoreChange,
  Ledger,
  ListedScope,
  Occupancy,
  Page,
} from '#core/ports/ledger.ts';
import type { Passkeys, PasskeysChange, PasskeysRecord } from '#core/ports/passkeys.ts';
import type { HsmTaskRecord, KeyStoreRecord } from '#core/provisioning/records.ts';
import type { RecoveryRecord } from '#core/recovery/records.ts';
import { dueDestructions } from './due-destructions.ts';
import { toDueItem } from './due-items.ts';
import { dueNames } from './due-names.ts';
import { NamedRows } from './named-rows.ts';
import { MemoryOccupancy } from './occupancy.ts';
import { MemoryPurgeWatchRows } from './purge-watch-rows.ts';
import { RecordedKeys } from './recorded-keys.ts';
import { MemoryReviewRows } from './review-rows.ts';
import { MemoryStatusRows } from './status-rows.ts';

const conflict = () =>
  new KeyturnError('RevisionConflict', 'the record changed meanwhile; read it again');

export class MemoryLedger
  implements Ledger, ApprovalLedger, Ballots, ShareArchive, Elevations, Passkeys, DecisionPolicies
{
  readonly #keys = new Map<string, KeyRecord>();
  readonly #versions = new Map<string, VersionRecord[]>();
  readonly #consumers = new NamedRows<ConsumerRecord>();
  readonly #sources = new NamedRows<SourceRecord>();
  readonly #holds = new NamedRows<HoldRecord>();
  readonly #escrowSets = new NamedRows<EscrowSetRecord>();
  readonly #escrowSessions = new NamedRows<EscrowSessionRecord>();
  readonly #shares = new Map<string, StoredShares>();
  readonly #reencryptions = new Map<string, ReencryptionRecord>();
  readonly #operations = new Map<string, OperationRecord>();
  readonly statuses = new MemoryStatusRows();
  readonly reviews = new MemoryReviewRows();
  readonly purgeWatches = new MemoryPurgeWatchRows();
  readonly #idempotency = new Map<string, IdempotencyRecord>();
  readonly #recorded = new RecordedKeys();
  readonly #audit = new Map<string, AuditRecord[]>();
  readonly #occupancy = new MemoryOccupancy();
  readonly #keyStores = new Map<string, KeyStoreRecord>();
  readonly #approvals = new Map<string, ApprovalRecord>();
  #decisionPolicy: DecisionPolicyRecord | null = null;
  readonly #ballots = new Map<string, string>();
  #elevations: ElevationsRecord | null = null;
  #passkeys: PasskeysRecord | null = null;
  readonly #tasks = new Map<string, HsmTaskRecord[]>();
  readonly #recoveries = new Map<string, RecoveryRecord>();

  /** Of the store that keeps what is denied by scope; here none does. */
  denialsRevision: () => number | null = () => null;

  async readKey(name: string): Promise<KeySnapshot | null> {
    const key = this.#keys.get(name);
    if (!key) return null;
    const operation = key.lease ? await this.readOperation(key.lease.operationId) : null;
    return structuredClone({
      key,
      versions: this.#versions.get(name) ?? [],
      consumers: this.#consumers.of(name).filter((consumer) => consumer.state !== 'removed'),
      sources: this.#sources.of(name).filter((source) => source.removedAt === null),
      holds: this.#holds.of(name).filter((hold) => hold.releasedAt === null),
      reencryption: this.#reencryptions.get(name) ?? null,
      escrow: { sets: this.#escrowSets.of(name), sessions: this.#escrowSessions.of(name) },
      purgeWatch: this.purgeWatches.of(name),
      operation,
    });
  }

  async readKeyRecord(name: string): Promise<KeyRecord | null> {
    return structuredClone(this.#keys.get(name) ?? null);
  }

  async readVersion(name: string, version: number): Promise<VersionRecord | null> {
    const found = this.#versions.get(name)?.find((candidate) => candidate.version === version);
    return structuredClone(found ?? null);
  }

  async readOperation(id: string): Promise<OperationRecord | null> {
    return structuredClone(this.#operations.get(id) ?? null);
  }

  async readIdempotency(scope: string): Promise<IdempotencyRecord | null> {
    return this.#idempotency.get(scope) ?? null;
  }

  async findRecordedKey(keyId: string): Promise<{ name: string; version: number } | null> {
    return this.#recorded.find(keyId);
  }

  async listKeys(after: string | null, limit: number): Promise<Page<KeyRecord>> {
    return this.#page(() => true, after, limit);
  }

  async listKeysOf(scope: ListedScope, after: string | null, limit: number) {
    return this.#page((key) => isInScope(scope, key), after, limit);
  }

  #page(wanted: (key: KeyRecord) => boolean, after: string | null, limit: number): Page<KeyRecord> {
    const found = [...this.#keys.values()]
      .filter((key) => wanted(key) && (after === null || key.name > after))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const items = structuredClone(found.slice(0, limit));
    return { items, nextCursor: found.length > limit ? (items.at(-1)?.name ?? null) : null };
  }

  /** All in the first shard: there is nothing to spread here. */
  async listDataKeys(
    parent: string,
    shard: number,
    after: string | null,
    limit: number,
  ): Promise<Page<VersionRecord>> {
    const found = [...this.#versions.values()]
      .flat()
      .filter(({ dataKey }) => shard === 0 && dataKey?.parent === parent)
      .map((version) => ({ version, place: placeOf(version) }))
      .filter(({ place }) => after === null || place > after)
      .sort((a, b) => (a.place < b.place ? -1 : 1));
    const items = structuredClone(found.slice(0, limit).map(({ version }) => version));
    const nextCursor = found.length > limit ? (found[limit - 1]?.place ?? null) : null;
    return { items, nextCursor };
  }

  async listDue(before: Instant, limit: number): Promise<readonly DueItem[]> {
    return this.#due(({ dueAt: at }) => at <= before, limit);
  }

  async listDueBetween(from: string, until: Instant, limit: number): Promise<readonly DueItem[]> {
    return this.#due(({ dueAt: at, name }) => `${at}#${name}` > from && at < until, limit);
  }

  #due(wanted: (item: DueItem) => boolean, limit: number): readonly DueItem[] {
    const due = [...this.#keys.values()].flatMap((key) => {
      const item = toDueItem(key);
      return item && wanted(item) ? [item] : [];
    });
    return due
      .sort((a, b) => (`${a.dueAt}#${a.name}` < `${b.dueAt}#${b.name}` ? -1 : 1))
      .slice(0, limit);
  }

  async listDueReencryptions(before: Instant, limit: number): Promise<readonly string[]> {
    return dueNames(this.#reencryptions.values(), ({ key }) => key, before, limit);
  }

  async listDueDestructions(
    before: Instant,
    limit: number,
  ): Promise<readonly { name: string; version: number }[]> {
    return dueDestructions([...this.#versions.values()].flat(), before, limit);
  }

  async readAudit(
    stream: string,
    afterSequence: number,
    limit: number,
  ): Promise<{ records: readonly AuditRecord[]; head: AuditHead }> {
    const all = this.#audit.get(stream) ?? [];
    const records = all.filter((record) => record.sequence > afterSequence).slice(0, limit);
    return structuredClone({ records, head: this.#headOf(stream) });
  }

  async commit(change: KeyChange): Promise<void> {
    const { key, recordedKey } = change;
    if ((this.#keys.get(key.name)?.revision ?? null) !== change.expectedRevision) throw conflict();
    if (recordedKey && !this.#recorded.mayPut(recordedKey)) throw conflict();
    if (change.denials && change.denials.revision !== this.denialsRevision()) throw conflict();
    this.#checkTail(change);
    if (change.approval) this.#checkApproval(change.approval);
    this.#keys.set(key.name, structuredClone(key));
    for (const version of change.versions ?? []) this.#putVersion(structuredClone(version));
    for (const consumer of change.consumers ?? []) this.#consumers.put(structuredClone(consumer));
    for (const source of change.sources ?? []) this.#sources.put(structuredClone(source));
    for (const hold of change.holds ?? []) this.#holds.put(structuredClone(hold));
    if (change.reencryption)
      this.#reencryptions.set(key.name, structuredClone(change.reencryption));
    this.#putEscrow(structuredClone(change.escrow ?? {}));
    for (const one of [change.operation, ...(change.otherOperations ?? [])])
      if (one) this.#operations.set(one.id, structuredClone(one));
    this.statuses.put(change.statuses);
    this.reviews.put(change.review);
    this.purgeWatches.put(change.purgeWatch);
    if (change.occupancy) this.#occupancy.count(change.occupancy);
    if (recordedKey) this.#recorded.put(recordedKey);
    if (change.approval) this.#putApproval(change.approval);
    this.#putTail(change);
  }

  async readApproval(id: string): Promise<ApprovalRecord | null> {
    return structuredClone(this.#approvals.get(id) ?? null);
  }

  async listApprovals(
    filter: ApprovalFilter,
    after: string | null,
    limit: number,
  ): Promise<Page<ApprovalRecord>> {
    const found = [...this.#approvals.values()]
      .filter(({ id, dueAt: due }) => (due === null) === (filter === 'ended') && id > (after ?? ''))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const items = structuredClone(found.slice(0, limit));
    return { items, nextCursor: found.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  async listDueApprovals(before: Instant, limit: number): Promise<readonly string[]> {
    return dueNames(this.#approvals.values(), ({ id }) => id, before, limit);
  }

  async commitApproval(change: ApprovalChange): Promise<void> {
    this.#checkApproval(change);
    this.#putApproval(change);
  }

  #checkApproval(change: ApprovalChange): void {
    const known = this.#approvals.get(change.approval.id)?.revision ?? null;
    if (known !== change.expectedRevision) throw conflict();
    this.#checkTail(change);
  }

  #putApproval(change: ApprovalChange): void {
    this.#approvals.set(change.approval.id, structuredClone(change.approval));
    this.#putTail(change);
  }

  async readElevations(): Promise<ElevationsRecord | null> {
    return structuredClone(this.#elevations);
  }

  async commitElevations({ expectedRevision, elevations, approval }: ElevationsChange) {
    if ((this.#elevations?.revision ?? null) !== expectedRevision) throw conflict();
    this.#checkApproval(approval);
    this.#elevations = structuredClone(elevations);
    this.#putApproval(approval);
  }

  async readPasskeys(): Promise<PasskeysRecord | null> {
    return structuredClone(this.#passkeys);
  }

  async commitPasskeys({ expectedRevision, passkeys, approval }: PasskeysChange): Promise<void> {
    if ((this.#passkeys?.revision ?? null) !== expectedRevision) throw conflict();
    this.#checkApproval(approval);
    this.#passkeys = structuredClone(passkeys);
    this.#putApproval(approval);
  }

  async readDecisionPolicy(): Promise<DecisionPolicyRecord | null> {
    return structuredClone(this.#decisionPolicy);
  }

  async commitDecisionPolicy(change: DecisionPolicyChange): Promise<void> {
    if ((this.#decisionPolicy?.revision ?? null) !== change.expectedRevision) throw conflict();
    this.#checkTail(change);
    if (change.approval) this.#checkApproval(change.approval);
    this.#decisionPolicy = structuredClone(change.record);
    if (change.approval) this.#putApproval(change.approval);
    this.#putTail(change);
  }

  async putBallot(approvalId: string, sealedToken: string): Promise<void> {
    this.#ballots.set(approvalId, sealedToken);
  }

  async readBallot(approvalId: string): Promise<string | null> {
    return this.#ballots.get(approvalId) ?? null;
  }

  #putEscrow({ sets, sessions, shares }: EscrowChange): void {
    for (const set of sets ?? []) this.#escrowSets.put(set);
    for (const session of sessions ?? []) this.#escrowSessions.put(session);
    for (const stored of shares ?? [])
      this.#shares.set(`${stored.setId}#${stored.generation}`, stored);
  }

  async readShares(setId: string, generation: number): Promise<readonly ShareEnvelope[]> {
    return structuredClone(this.#shares.get(`${setId}#${generation}`)?.envelopes ?? []);
  }

  async readOccupancy(keyStore: string): Promise<readonly Occupancy[]> {
    return this.#occupancy.read(keyStore);
  }

  async readKeyStore(name: string): Promise<KeyStoreRecord | null> {
    return structuredClone(this.#keyStores.get(name) ?? null);
  }

  async readTasks(keyStore: string): Promise<readonly HsmTaskRecord[]> {
    return structuredClone(this.#tasks.get(keyStore) ?? []);
  }

  async readRecoveries(keyStore: string): Promise<readonly RecoveryRecord[]> {
    const found = [...this.#recoveries.values()].filter((one) => one.keyStore === keyStore);
    return structuredClone(found).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async commitKeyStore(change: KeyStoreChange): Promise<void> {
    const { keyStore } = change;
    if ((this.#keyStores.get(keyStore.name)?.revision ?? null) !== change.expectedRevision)
      throw conflict();
    this.#checkTail(change);
    if (change.approval) this.#checkApproval(change.approval);
    this.#keyStores.set(keyStore.name, structuredClone(keyStore));
    this.reviews.put(change.review);
    if (change.recovery) this.#recoveries.set(change.recovery.id, change.recovery);
    if (change.approval) this.#putApproval(change.approval);
    const kept = (this.#tasks.get(keyStore.name) ?? []).filter(
      (task) => !change.tasks?.some((changed) => changed.id === task.id),
    );
    const tasks = [...kept, ...structuredClone(change.tasks ?? [])];
    this.#tasks.set(
      keyStore.name,
      tasks.sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
    this.#putTail(change);
  }

  #checkTail(change: { idempotency?: IdempotencyRecord; audit: AuditRecord }): void {
    const rows = this.#audit.get(change.audit.stream) ?? [];
    if (rows.some((row) => row.sequence === change.audit.sequence)) throw conflict();
    if (change.idempotency && this.#idempotency.has(change.idempotency.scope)) throw conflict();
  }

  #putTail(change: { idempotency?: IdempotencyRecord; audit: AuditRecord }): void {
    const rows = this.#audit.get(change.audit.stream) ?? [];
    this.#audit.set(change.audit.stream, [...rows, structuredClone(change.audit)]);
    if (change.idempotency) this.#idempotency.set(change.idempotency.scope, change.idempotency);
  }

  #putVersion(version: VersionRecord): void {
    const others = (this.#versions.get(version.name) ?? []).filter(
      (known) => known.version !== version.version,
    );
    this.#versions.set(
      version.name,
      [...others, version].sort((a, b) => a.version - b.version),
    );
  }

  #headRecord(kind: string, name: string) {
    if (kind === 'key') return this.#keys.get(name);
    if (kind === 'policy') return this.#decisionPolicy;
    return kind === 'approval' ? this.#approvals.get(name) : this.#keyStores.get(name);
  }

  #headOf(stream: string): AuditHead {
    const [kind, name = ''] = stream.split('/');
    const record = this.#headRecord(kind ?? '', name);
    if (!record) return { sequence: 0, hash: genesisHash(stream) };
    return { sequence: record.revision, hash: record.auditHead };
  }
}

function placeOf({ name, version }: VersionRecord): string {
  return `${name}#${String(version).padStart(8, '0')}`;
}
